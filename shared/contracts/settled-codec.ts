import { type SettledRecord, settledVersion } from '#core/settled.ts';
import { settledOfNanodollars } from './earlier-amounts.ts';
import { decodeObject, type UnknownRecord } from './unknown-record.ts';

/** `{"v":2,"bk":…}`, one line of JSON. */
export const encodeSettled = (record: SettledRecord): Uint8Array => Buffer.from(JSON.stringify(record));

/** Only version and batch are looked at, for the reasons of the journal's codec. Never throws. */
export function decodeSettled(value: Uint8Array): SettledRecord | UnknownRecord {
  const found = decodeObject(value);
  if (found === null) return { kind: 'UNKNOWN', what: 'a settled record that is no JSON object' };
  if (typeof found.bk === 'string') {
    const record = found as unknown as SettledRecord;
    if (found.v === settledVersion) return record;
    if (found.v === 1) return { ...settledOfNanodollars(record), v: settledVersion };
  }
  return { kind: 'UNKNOWN', what: `settled record of version ${String(found.v)}` };
}
