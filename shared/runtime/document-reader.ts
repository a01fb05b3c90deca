import { type DocumentContext, parseDocument } from '#contracts/parse-document.ts';
import type { Envelope, Parsed } from '#core/document.ts';
import { readEnvelope } from '#core/envelope.ts';
import type { KeptDocument } from '#core/payload.ts';
import { formatRid, type Rid } from '#core/rid.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log, LogRecord } from '#ports/log.ts';

/** A record of the documents topic with what it says. */
export interface ReadDocument {
  record: LogRecord;
  envelope: Envelope;
  parsed: Parsed;
}

/** Parses one record; total: it is a document or a reject. */
export const readDocument = (record: LogRecord, context: DocumentContext): ReadDocument => ({
  record,
  envelope: readEnvelope(record),
  parsed: parseDocument(record, context),
});

/**
 * Reads the documents of some items again from the log, by rid.
 * @throws FlotillaError log-unavailable when one is gone: the log was pruned too early
 */
export async function readDocuments(
  log: Log,
  rids: readonly Rid[],
  context: DocumentContext,
): Promise<Map<string, ReadDocument>> {
  return parsedAll(await readRecords(log, rids), context);
}

/** The same, without those that are gone. */
export async function findDocuments(
  log: Log,
  rids: readonly Rid[],
  context: DocumentContext,
): Promise<Map<string, ReadDocument>> {
  return parsedAll(await findRecords(log, rids), context);
}

const parsedAll = (records: ReadonlyMap<string, LogRecord>, context: DocumentContext): Map<string, ReadDocument> =>
  new Map([...records].map(([rid, record]) => [rid, readDocument(record, context)]));

/** Their records as they lie in the log. @throws FlotillaError log-unavailable as `readDocuments` does */
export async function readRecords(log: Log, rids: readonly Rid[]): Promise<Map<string, LogRecord>> {
  const found = await findRecords(log, rids);
  for (const rid of rids) {
    if (found.has(formatRid(rid))) continue;
    const why = 'a document that is not answered is no longer in the log';
    throw new FlotillaError('log-unavailable', { where: `document ${formatRid(rid)}`, why });
  }
  return found;
}

/** The same, without those that are gone. */
export async function findRecords(log: Log, rids: readonly Rid[]): Promise<Map<string, LogRecord>> {
  const found = new Map<string, LogRecord>();
  for (const [partition, group] of Map.groupBy(rids, rid => rid.partition)) {
    const records = await log.readAt({ topic: 'documents', partition, offsets: group.map(rid => rid.offset) });
    for (const [index, rid] of group.entries()) {
      const record = records[index];
      if (record) found.set(formatRid(rid), record);
    }
  }
  return found;
}

/** What the batch of a document needs of its record. */
export function keptDocument(record: LogRecord): KeptDocument {
  const { partition, offset, value } = record;
  const { run, tenant, deadlineAt } = readEnvelope(record);
  return { partition, offset, run, tenant, deadlineAt, value };
}
