import { deadLetterLine } from '#contracts/dead-letter.ts';
import { headerNames } from '#core/headers.ts';
import { parseRid, type Rid } from '#core/rid.ts';
import { type ErrorCode, errorCatalogue } from '#errors/catalogue.ts';
import type { Log } from '#ports/log.ts';
import { readTopic } from '#runtime/read-topic.ts';

/** A dead letter as the log has it. */
export interface DeadLetter {
  rid: Rid;
  run: string | null;
  customId: string | null;
  cause: string;
  class: string;
  /** Where and why, in one sentence. */
  message: string;
  line: number | null;
  attempts: number;
  replayCount: number;
  /** As one JSON line. */
  text: string;
}

export interface DeadLetterFilter {
  run: string | null;
  cause: string | null;
  /** Only these, as `<partition>/<offset>`. */
  rids: ReadonlySet<string> | null;
}

/** The dead letters that pass a filter, each document once, in the order of the log. */
export async function* readDeadLetters(log: Log, filter: DeadLetterFilter): AsyncGenerator<DeadLetter> {
  const seen = new Set<string>();
  for await (const record of readTopic(log, 'dead-letters')) {
    const { headers } = record;
    const name = headers[headerNames.rid] ?? '';
    const run = headers[headerNames.run] ?? null;
    const rid = parseRid(name);
    if (!rid || seen.has(name)) continue;
    if ((filter.run !== null && run !== filter.run) || (filter.rids && !filter.rids.has(name))) continue;
    seen.add(name);
    const letter = parseDeadLetter(deadLetterLine(record), { rid, run });
    if (filter.cause === null || letter.cause === filter.cause) yield letter;
  }
}

function parseDeadLetter(text: string, { rid, run }: { rid: Rid; run: string | null }): DeadLetter {
  const letter = JSON.parse(text) as {
    custom_id: string | null;
    cause: string;
    class: string;
    where?: string | null;
    why?: string;
    line: number | null;
    attempts: number;
    replay_count?: number;
  };
  const { where = null, why = '' } = letter;
  return {
    rid,
    run,
    customId: letter.custom_id,
    cause: letter.cause,
    class: letter.class,
    message: where === null || why.includes(where) ? why : `${where}: ${why}`,
    line: letter.line,
    attempts: letter.attempts,
    replayCount: letter.replay_count ?? 0,
    text,
  };
}

/** What to do about a cause, from the catalogue. */
export const fixOf = (cause: string): string =>
  Object.hasOwn(errorCatalogue, cause) ? errorCatalogue[cause as ErrorCode].fix : 'look at its message';
