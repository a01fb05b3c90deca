import assert from 'node:assert/strict';
import type { Log, LogRecord, Mark, NewRecord, Topic } from '#ports/log.ts';

export interface LogFixture {
  /** Another process, as far as the adapter can tell. */
  connect(): Promise<Log>;
  /** True where records of an open transaction lie in the log, and readers stop before them. */
  holdsOffsets: boolean;
  close(): Promise<void>;
}

export type MakeLog = () => Promise<LogFixture>;

/** How long anything may take to be seen. */
const patienceMs = 20_000;

export const newRecord = (text: string, more: Partial<NewRecord> = {}): NewRecord => ({
  key: `key of ${text}`,
  value: Buffer.from(text),
  headers: {},
  ...more,
});

export const newRecords = (prefix: string, count: number): NewRecord[] =>
  Array.from({ length: count }, (_, index) => newRecord(`${prefix} ${index}`));

export const textOf = (record: LogRecord): string => Buffer.from(record.value).toString();

/** Where a test begins: topics may hold records of the tests before it. */
export async function markEnd(log: Log, topic: Topic, partition = 0): Promise<Mark> {
  return { topic, partition, from: await log.endOffset(topic, partition) };
}

/** Reads on from a mark until `isEnough`, waiting for what is not there yet. */
export async function readUntil(
  log: Log,
  mark: Mark,
  isEnough: (records: readonly LogRecord[]) => boolean,
): Promise<LogRecord[]> {
  const until = Date.now() + patienceMs;
  const all: LogRecord[] = [];
  let { from } = mark;
  while (!isEnough(all)) {
    assert.ok(Date.now() < until, `only ${all.length} records of ${mark.topic} after ${patienceMs} ms`);
    const { records, nextOffset } = await log.read({ ...mark, from, recordsMax: 1_000 });
    all.push(...records);
    from = nextOffset;
    if (records.length === 0) await log.waitForMore([{ ...mark, from }], 500);
  }
  return all;
}

/** Everything a reader can ever see up to a last record appended now, which proves that nothing else comes. */
export async function readAllVisible(log: Log, mark: Mark): Promise<LogRecord[]> {
  const last = `last ${Math.random()}`;
  await log.append({ ...mark, records: [newRecord(last)] });
  const records = await readUntil(log, mark, all => all.some(record => textOf(record) === last));
  return records.slice(0, -1);
}

export async function isFenced(attempt: Promise<unknown>): Promise<boolean> {
  return attempt.then(
    () => false,
    (error: { code?: string }) => error.code === 'fenced',
  );
}

export interface LogUnderTest {
  fixture: LogFixture;
  /** Two processes. */
  log: Log;
  other: Log;
}
