import { rejectHeader } from '#contracts/intake-reject.ts';
import type { Log, LogRecord, NewRecord } from '#ports/log.ts';
import type { DeadLetter } from '../dead-letters/dead-letter.ts';
import { runPositionRecord, startOfRun } from '../run/run-position.ts';
import { replayRecord } from './plan-replay.ts';

/** A dead letter with the document it is about. */
export interface Replayable {
  letter: DeadLetter;
  origin: LogRecord;
}

const lettersPerAppend = 200;

/**
 * Puts documents into the log again, each append together with how far it came. Dying in between leaves some of them
 * there: the same command sends the others, and a key for each makes sure that none is bought twice.
 */
export async function appendReplay(
  log: Log,
  { replays, run, name }: { replays: AsyncIterable<Replayable>; run: string; name: string },
): Promise<void> {
  let position = startOfRun(name, null);
  let records: NewRecord[] = [];
  const append = async (isComplete: boolean): Promise<void> => {
    position = { ...position, lines: position.lines + records.length, isComplete };
    await log.append({ topic: 'documents', partition: 0, records, positions: [runPositionRecord(run, position)] });
    records = [];
  };
  for await (const { letter, origin } of replays) {
    if (records.length >= lettersPerAppend) await append(false);
    records.push(replayRecord(letter, { origin, run, line: position.lines + records.length + 1 }));
  }
  await append(true);
}

/** The documents of letters, a few at a time; those whose bytes are gone are left out. */
export async function* readReplays(
  log: Log,
  letters: readonly DeadLetter[],
  onGone: () => void = () => {},
): AsyncGenerator<Replayable> {
  for (let start = 0; start < letters.length; start += lettersPerAppend) {
    const part = letters.slice(start, start + lettersPerAppend);
    const origins = await readOrigins(log, part);
    for (const [index, letter] of part.entries()) {
      const origin = origins[index];
      if (origin && isKept(origin)) yield { letter, origin };
      else onGone();
    }
  }
}

/** Of a line that was too long only the head is kept. */
const isKept = ({ headers }: LogRecord): boolean => headers[rejectHeader] === undefined;

/** In the order of the letters; null where one is no longer in the log. */
async function readOrigins(log: Log, letters: readonly DeadLetter[]): Promise<(LogRecord | null)[]> {
  const origins: (LogRecord | null)[] = letters.map(() => null);
  const places = letters.map(({ rid }, index) => ({ ...rid, index }));
  for (const [partition, group] of Map.groupBy(places, place => place.partition)) {
    const records = await log.readAt({ topic: 'documents', partition, offsets: group.map(({ offset }) => offset) });
    for (const [at, { index }] of group.entries()) origins[index] = records[at] ?? null;
  }
  return origins;
}
