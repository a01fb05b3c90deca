import { decodeJournal } from '#contracts/journal-codec.ts';
import { decodeSettled } from '#contracts/settled-codec.ts';
import { reduceJournal } from '#core/reduce-journal.ts';
import { reduceSettled } from '#core/reduce-settled.ts';
import type { ViewSnapshot } from '#core/snapshot.ts';
import { createView, type View } from '#core/view.ts';
import type { Log, LogRecord, Topic } from '#ports/log.ts';

export type Refold =
  | { is: 'of-this-log'; view: View; records: number }
  /** The file is of another fleet, or the log ends before what was read of it. */
  | { is: 'of-another-log' };

const recordsPerRead = 1_000;

/** The view at the positions of a file: its snapshot, and what of journal and settled lies between the two. */
export async function refoldView({
  log,
  snapshot,
  positions,
  fleet,
}: {
  log: Log;
  snapshot: { view: View; snapshot: ViewSnapshot } | null;
  /** By `<topic>/<partition>`. */
  positions: ReadonlyMap<string, number>;
  /** Whose log was read; null when it had not been said yet. */
  fleet: string | null;
}): Promise<Refold> {
  for (const [key, offset] of positions) {
    const [topic, partition] = key.split('/') as [Topic, string];
    const isOfIt = Number(partition) < log.partitions(topic);
    if (!isOfIt || (await log.endOffset(topic, Number(partition))) < offset) return { is: 'of-another-log' };
  }
  const view = snapshot?.view ?? createView();
  const found = await fleetOf(log);
  if (fleet !== null && found !== null && fleet !== found) return { is: 'of-another-log' };
  let records = 0;
  for (let shard = 0; shard < log.partitions('settled'); shard++) {
    const [from, to] = [snapshot?.snapshot.settledOffsets[shard] ?? 0, positions.get(`settled/${shard}`) ?? 0];
    for await (const { value } of readBetween(log, { topic: 'settled', partition: shard, from, to })) {
      const decoded = decodeSettled(value);
      if ('kind' in decoded) view.unknown ??= { what: decoded.what };
      else reduceSettled(view, decoded);
      records += 1;
    }
  }
  const [from, to] = [snapshot?.snapshot.journalOffset ?? 0, positions.get('journal/0') ?? 0];
  for await (const { value, at } of readBetween(log, { topic: 'journal', partition: 0, from, to })) {
    const decoded = decodeJournal(value, at);
    if (decoded.kind === 'UNKNOWN') view.unknown ??= { what: decoded.what };
    else reduceJournal(view, decoded);
    records += 1;
  }
  return { is: 'of-this-log', view, records };
}

/** The fleet that a log belongs to, where it still begins with it. */
async function fleetOf(log: Log): Promise<string | null> {
  const { records } = await log.read({ topic: 'journal', partition: 0, from: 0, recordsMax: 100 });
  for (const { value, at } of records) {
    const decoded = decodeJournal(value, at);
    if (decoded.kind === 'FLEET') return decoded.fleet;
  }
  return null;
}

async function* readBetween(
  log: Log,
  { topic, partition, from, to }: { topic: Topic; partition: number; from: number; to: number },
): AsyncGenerator<LogRecord> {
  for (let next = from; next < to; ) {
    const { records, nextOffset } = await log.read({ topic, partition, from: next, recordsMax: recordsPerRead });
    for (const record of records) if (record.offset < to) yield record;
    if (nextOffset === next) return;
    next = nextOffset;
  }
}
