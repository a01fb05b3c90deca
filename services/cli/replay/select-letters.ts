import { headerNames } from '#core/headers.ts';
import { formatRid, parseRid } from '#core/rid.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log } from '#ports/log.ts';
import { readTopic } from '#runtime/read-topic.ts';
import { type DeadLetter, type DeadLetterFilter, readDeadLetters } from '../dead-letters/dead-letter.ts';
import { type ReplayRefusal, refusalOf } from './plan-replay.ts';

/** At most so many at once: they are held in memory. */
export const replayDocumentsMax = 100_000;

export interface Selection {
  /** In the order of the log. */
  letters: DeadLetter[];
  refused: Map<ReplayRefusal, number>;
}

/** The dead letters a person asked for, without those that may not be replayed. */
export async function selectLetters(log: Log, filter: DeadLetterFilter, limit: number): Promise<Selection> {
  const selection: Selection = { letters: [], refused: new Map() };
  const isNamed = filter.rids !== null || filter.cause !== null;
  for await (const letter of readDeadLetters(log, filter)) {
    const refusal = refusalOf(letter, { isNamed });
    if (refusal) count(selection, refusal);
    else selection.letters.push({ ...letter, text: '' });
    if (selection.letters.length >= Math.min(limit, replayDocumentsMax)) break;
  }
  return selection;
}

/** Takes out what is in the log again already. @returns also the runs in which those replays are */
export async function withoutReplayed(
  log: Log,
  { letters, refused }: Selection,
): Promise<Selection & { replayRuns: ReadonlySet<string> }> {
  const runs = new Map<string, string>();
  for await (const { headers } of readTopic(log, 'documents')) {
    const of = headers[headerNames.replayOf];
    if (of !== undefined) runs.set(of, headers[headerNames.run] ?? '');
  }
  const left: Selection = { letters: [], refused: new Map(refused) };
  const replayRuns = new Set<string>();
  for (const letter of letters) {
    const run = runs.get(formatRid(letter.rid));
    if (run === undefined) left.letters.push(letter);
    else {
      count(left, 'replayed');
      replayRuns.add(run);
    }
  }
  return { ...left, replayRuns };
}

export const count = ({ refused }: Selection, refusal: ReplayRefusal): void =>
  void refused.set(refusal, (refused.get(refusal) ?? 0) + 1);

/** @throws FlotillaError invalid-usage */
export function parseRids(texts: readonly string[] | undefined): ReadonlySet<string> | null {
  if (texts === undefined) return null;
  for (const text of texts) {
    if (parseRid(text)) continue;
    const fix = 'write it as flotilla dead-letters does, such as 0/17';
    throw new FlotillaError('invalid-usage', { where: `--rid ${text}`, why: `"${text}" is no record id`, fix });
  }
  return new Set(texts);
}
