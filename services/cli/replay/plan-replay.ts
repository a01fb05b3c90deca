import { hash } from 'node:crypto';
import { headerNames } from '#core/headers.ts';
import { replaysMax } from '#core/limits.ts';
import { replayKey } from '#core/replay-key.ts';
import { formatRid } from '#core/rid.ts';
import type { LogRecord, NewRecord } from '#ports/log.ts';
import type { DeadLetter } from '../dead-letters/dead-letter.ts';

/** Why a dead letter is not replayed. */
export type ReplayRefusal = 'replay-limit' | 'duplicate' | 'replayed' | 'gone';

/** Headers that belong to one life of a document. */
const ownHeaders: readonly string[] = [
  headerNames.run,
  headerNames.line,
  headerNames.idempotencyKey,
  headerNames.replayOf,
  headerNames.replayCount,
  headerNames.deadline,
];

/**
 * The refusal of a dead letter by itself, or null.
 * @param options.isNamed true when it was asked for by rid or by cause: a duplicate has its answer elsewhere and is
 * only then sent
 */
export function refusalOf(letter: DeadLetter, options: { isNamed: boolean }): ReplayRefusal | null {
  if (letter.replayCount >= replaysMax) return 'replay-limit';
  return letter.cause === 'duplicate' && !options.isNamed ? 'duplicate' : null;
}

/** What the next replay of a dead letter claims. */
export const nextReplayKey = ({ rid, replayCount }: Pick<DeadLetter, 'rid' | 'replayCount'>): string =>
  replayKey({ rid: formatRid(rid), count: replayCount + 1 });

/** A replay is a run of its own, named by what it replays. @returns `p_` and 12 hex characters */
export const replayRunOf = (letters: readonly Pick<DeadLetter, 'rid' | 'replayCount'>[]): string =>
  `p_${hash('sha256', letters.map(nextReplayKey).sort().join('\n')).slice(0, 12)}`;

/** The document again, with its lineage. */
export function replayRecord(
  letter: DeadLetter,
  { origin, run, line }: { origin: LogRecord; run: string; line: number },
): NewRecord {
  const kept = Object.entries(origin.headers).filter(([name]) => !ownHeaders.includes(name));
  return {
    key: origin.key,
    value: origin.value,
    headers: {
      ...Object.fromEntries(kept),
      [headerNames.run]: run,
      [headerNames.line]: String(line),
      [headerNames.idempotencyKey]: nextReplayKey(letter),
      [headerNames.replayOf]: formatRid(letter.rid),
      [headerNames.replayCount]: String(letter.replayCount + 1),
    },
  };
}
