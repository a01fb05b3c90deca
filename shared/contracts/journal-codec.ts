import { type JournalRecord, journalKinds, journalVersion, type Stamped } from '#core/journal.ts';
import { journalOfNanodollars } from './earlier-amounts.ts';
import { decodeObject, type UnknownRecord } from './unknown-record.ts';

const kinds: ReadonlySet<unknown> = new Set(journalKinds);

/** `{"v":3,"kind":…}`, one line of JSON. */
export const encodeJournal = (record: JournalRecord): Uint8Array =>
  Buffer.from(JSON.stringify({ v: journalVersion, ...record }));

/**
 * A record with the log's time. Only version and kind are looked at: the journal is written by this code alone, and all
 * of it is read at every start. Whatever else it is, a newer version wrote it (or nobody): creates stop. Never throws.
 */
export function decodeJournal(value: Uint8Array, at: number): Stamped | (UnknownRecord & { at: number }) {
  const found = decodeObject(value);
  if (found === null) return { kind: 'UNKNOWN', what: 'a journal record that is no JSON object', at };
  const { v, ...record } = found;
  if (kinds.has(record.kind)) {
    if (v === journalVersion) return { ...record, at } as Stamped;
    if (v === 1 || v === 2) return { ...journalOfNanodollars(record as unknown as JournalRecord), at };
  }
  return { kind: 'UNKNOWN', what: `journal record ${String(record.kind)} of version ${String(v)}`, at };
}
