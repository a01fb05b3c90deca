import { decodeJournal } from '#contracts/journal-codec.ts';
import { decodeSettled } from '#contracts/settled-codec.ts';
import { parseCustomId } from '#core/custom-id.ts';
import { headerNames } from '#core/headers.ts';
import { parseRid } from '#core/rid.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log, Topic } from '#ports/log.ts';
import { readTopic } from '#runtime/read-topic.ts';
import { intakeGroup } from '#services/accumulator/intakes.ts';
import { AuditBook, type AuditReport } from './audit-book.ts';
import type { Bill } from './bill.ts';

/** What the audit needs of a log beside the port: pruned documents are not judged. */
export interface AuditedLog extends Log {
  oldestOffset(topic: Topic, partition: number): Promise<number>;
}

/**
 * Reads the log and the bill, where there is one, in the order that makes a running engine harmless (`AuditBook`).
 * @throws FlotillaError log-newer | log-unavailable
 */
export async function auditLog({ log, bill }: { log: AuditedLog; bill: Bill | null }): Promise<AuditReport> {
  const book = new AuditBook();
  const sealedBelow = new Map<number, number>();
  for (let partition = 0; partition < log.partitions('documents'); partition++) {
    sealedBelow.set(partition, (await log.position(intakeGroup, 'documents', partition))?.offset ?? 0);
    const start = await log.oldestOffset('documents', partition);
    book.range(partition, { start, end: await log.endOffset('documents', partition) });
  }
  for await (const record of readTopic(log, 'documents')) book.document(record);
  if (bill) await readBill(book, bill);
  for await (const { value } of readTopic(log, 'settled')) {
    const settled = decodeSettled(value);
    if ('kind' in settled) throw newer(settled.what);
    book.settled(settled);
  }
  for await (const { value, at } of readTopic(log, 'journal')) {
    const record = decodeJournal(value, at);
    if (record.kind === 'UNKNOWN') throw newer(record.what);
    book.journal(record);
  }
  const results = await readResults(book, { log, marks: new Map(), isLate: false });
  for await (const { headers } of readTopic(log, 'dead-letters')) {
    const rid = parseRid(headers[headerNames.rid] ?? '');
    if (rid) book.deadLetter(rid);
  }
  await readResults(book, { log, marks: results, isLate: true });
  return book.close({ sealedBelow: partition => sealedBelow.get(partition) ?? 0, hasBill: bill !== null });
}

/** @returns where to read on, by partition */
async function readResults(
  book: AuditBook,
  { log, marks, isLate }: { log: Log; marks: Map<number, number>; isLate: boolean },
): Promise<Map<number, number>> {
  for await (const { headers } of readTopic(log, 'results', marks)) {
    const rid = parseRid(headers[headerNames.rid] ?? '');
    const isSucceeded = headers[headerNames.outcome] === 'succeeded';
    const reusedFrom = parseRid(headers[headerNames.reusedFrom] ?? '');
    if (rid) book.result({ rid, att: Number(headers[headerNames.att] ?? 0), isSucceeded, reusedFrom, isLate });
  }
  return marks;
}

async function readBill(book: AuditBook, bill: Bill): Promise<void> {
  for await (const { customId } of bill.items()) {
    const identity = parseCustomId(customId ?? '');
    if (identity && (bill.fleet === null || identity.fleet === bill.fleet)) book.purchase(identity);
    else if (bill.isOursAlone) book.foreignPurchase(customId);
  }
}

const newer = (what: string): FlotillaError => new FlotillaError('log-newer', { why: `it holds a ${what}` });
