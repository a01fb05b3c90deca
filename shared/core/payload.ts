import { hasHeaders } from './headers.ts';
import type { Rid } from './rid.ts';

/** A document as it lies in the log: with its recipe, all that its request is built of. */
export interface LoggedDocument extends Rid {
  /** The log's own clock at the append, ms since the epoch. */
  at: number;
  headers: Readonly<Record<string, string>>;
  value: Uint8Array;
}

/** What the first line of a payload says of each document. */
type Place = readonly [
  partition: number,
  offset: number,
  at: number,
  bytes: number,
  headers?: LoggedDocument['headers'],
];

const lineEnd = 0x0a;

/**
 * The documents of a batch, so that its create need not look for them in the log: one line of JSON with their places, then
 * their bytes one after the other. A cache: what is not in it is read from the log.
 */
export function encodePayload(documents: readonly LoggedDocument[]): Uint8Array {
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

function placeOf({ partition, offset, at, headers, value }: LoggedDocument): Place {
  const bytes = value.byteLength;
  return hasHeaders(headers) ? [partition, offset, at, bytes, headers] : [partition, offset, at, bytes];
}

/** @returns null when the bytes are no payload, or one of an earlier program: the documents are read from the log */
export function decodePayload(bytes: Uint8Array): LoggedDocument[] | null {
  const headBytes = bytes.indexOf(lineEnd);
  const places = readPlaces(bytes.subarray(0, Math.max(0, headBytes)));
  if (places === null) return null;
  let from = headBytes + 1;
  const documents = places.map(([partition, offset, at, length, headers = {}]): LoggedDocument => {
    const value = bytes.subarray(from, from + length);
    from += length;
    return { partition, offset, at, headers, value };
  });
  return from === bytes.byteLength ? documents : null;
}

function readPlaces(head: Uint8Array): Place[] | null {
  try {
    const places: unknown = JSON.parse(Buffer.from(head).toString('utf8'));
    const isPlace = (place: unknown): place is Place =>
      Array.isArray(place) && place.slice(0, 4).every(number => Number.isSafeInteger(number) && number >= 0);
    return Array.isArray(places) && places.every(isPlace) ? places : null;
  } catch {
    return null;
  }
}
