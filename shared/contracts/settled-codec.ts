import { type SettledRecord, settledVersion } from '#core/settled.ts';
import { decodeObject, type UnknownRecord } from './unknown-record.ts';

/** `{"v":2,"bk":…}`, one line of JSON. */
export const encodeSettled = (record: SettledRecord): Uint8Array => Buffer.from(JSON.stringify(record));

/** Only version and batch are looked at, for the reasons of the journal's codec. Never throws. */
export function decodeSettled(value: Uint8Array): SettledRecord | UnknownRecord {
  const found = decodeObject(value);
  if (found === null) return { kind: 'UNKNOWN', what: 'a settled record that is no JSON object' };
  if (found.v === settledVersion && typeof found.bk === 'string') return found as unknown as SettledRecord;
  return { kind: 'UNKNOWN', what: `settled record of version ${String(found.v)}` };
}
