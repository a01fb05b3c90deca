import { isConfiguredScope } from '#core/caps/cap-scopes.ts';
import { type JournalRecord, journalKinds, journalVersion, type Stamped } from '#core/journal.ts';
import { marksSent } from '#core/prompt-cache/cache-plan.ts';
import { decodeObject, type UnknownRecord } from './unknown-record.ts';

const kinds: ReadonlySet<unknown> = new Set(journalKinds);

/** `{"v":1,"kind":…}`, one line of JSON. */
export const encodeJournal = (record: JournalRecord): Uint8Array =>
  Buffer.from(JSON.stringify({ v: versionOf(record), ...record }));

/**
 * Of what earlier programs would read wrongly, so that they stop creating: a cap in a scope in which they reserve nothing;
 * markers, which they would neither reserve nor set again in a payload that was lost; and a prime within so many an hour,
 * which they would take where it is refused.
 */
const laterVersion = 2;

function versionOf(record: JournalRecord): number {
  if (record.kind === 'CAP' && isConfiguredScope(record.scope)) return laterVersion;
  if (record.kind === 'PRIME') return record.perHour === undefined ? journalVersion : laterVersion;
  return record.kind === 'SEALED' && marksSent(record.plan).length > 0 ? laterVersion : journalVersion;
}

const kindsOfLaterVersion: ReadonlySet<unknown> = new Set<JournalRecord['kind']>(['CAP', 'SEALED', 'PRIME']);

/**
 * A record with the log's time. Only version and kind are looked at: the journal is written by this code alone, and all
 * of it is read at every start. Whatever else it is, a newer version wrote it (or nobody): creates stop. Never throws.
 */
export function decodeJournal(value: Uint8Array, at: number): Stamped | (UnknownRecord & { at: number }) {
  const found = decodeObject(value);
  if (found === null) return { kind: 'UNKNOWN', what: 'a journal record that is no JSON object', at };
  const { v, ...record } = found;
  const isKnown =
    (v === journalVersion && kinds.has(record.kind)) || (v === laterVersion && kindsOfLaterVersion.has(record.kind));
  if (isKnown) return { ...record, at } as Stamped;
  return { kind: 'UNKNOWN', what: `journal record ${String(record.kind)} of version ${String(v)}`, at };
}
