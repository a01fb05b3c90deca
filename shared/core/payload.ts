import type { Envelope } from './document.ts';
import type { Rid } from './rid.ts';

/** A document that was judged, as its batch needs it: with its recipe, all that its request is built of. */
export interface KeptDocument extends Rid, Pick<Envelope, 'run' | 'tenant' | 'deadlineAt'> {
  /** The record's own bytes. */
  value: Uint8Array;
}

/** What the first line of a payload says of each document; run and tenant only of one that has either. */
type Place = readonly [
  partition: number,
  offset: number,
  bytes: number,
  deadlineAt: number,
  run?: string | null,
  tenant?: string | null,
];

const lineEnd = 0x0a;

/**
 * The documents of a batch, so that its create need not look for them in the log: one line of JSON that says where each
 * stands, then their bytes one after the other. A cache: what is not in it is read from the log.
 */
export function encodePayload(documents: readonly KeptDocument[]): Uint8Array {
  const head = Buffer.from(`${JSON.stringify(documents.map(placeOf))}\n`);
  let at = head.byteLength;
  const payload = Buffer.allocUnsafe(documents.reduce((sum, { value }) => sum + value.byteLength, at));
  payload.set(head);
  for (const { value } of documents) {
    payload.set(value, at);
    at += value.byteLength;
  }
  return payload;
}

function placeOf({ partition, offset, deadlineAt, run, tenant, value }: KeptDocument): Place {
  const bytes = value.byteLength;
  if (run === null && tenant === null) return [partition, offset, bytes, deadlineAt];
  return [partition, offset, bytes, deadlineAt, run, tenant];
}

/** @returns null when the bytes are no payload, or one of an earlier program: the documents are read from the log */
export function decodePayload(bytes: Uint8Array): KeptDocument[] | null {
  const headBytes = bytes.indexOf(lineEnd);
  const places = readPlaces(bytes.subarray(0, Math.max(0, headBytes)));
  if (places === null) return null;
  let from = headBytes + 1;
  const documents = places.map(([partition, offset, length, deadlineAt, run = null, tenant = null]): KeptDocument => {
    const value = bytes.subarray(from, from + length);
    from += length;
    return { partition, offset, run, tenant, deadlineAt, value };
  });
  return from === bytes.byteLength ? documents : null;
}

function readPlaces(head: Uint8Array): Place[] | null {
  try {
    const places: unknown = JSON.parse(Buffer.from(head).toString('utf8'));
    return Array.isArray(places) && places.every(isPlace) ? places : null;
  } catch {
    return null;
  }
}

const isPlace = (place: unknown): place is Place =>
  Array.isArray(place) &&
  place.length >= 4 &&
  place.slice(0, 4).every(number => Number.isSafeInteger(number) && number >= 0) &&
  place.slice(4).every(name => name === null || typeof name === 'string');
