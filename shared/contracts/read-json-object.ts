import { isUtf8 } from 'node:buffer';
import { documentDepthMax } from '#core/limits.ts';
import { type Fault, fault } from './fault.ts';
import { forbiddenKeyPath } from './forbidden-key.ts';
import { documentKeysMax, structureExcess } from './structure-excess.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export type ReadJson = { is: 'object'; object: JsonObject } | { is: 'fault'; fault: Fault };

/**
 * The JSON object that bytes are the text of. Bounds are checked before the parser runs and keys after it, so hostile
 * bytes cost little and change nothing. Total.
 */
export function readJsonObject(value: Uint8Array, bytesMax: number): ReadJson {
  if (value.length === 0) return faulty('empty-record', null, 'the record has no bytes');
  if (value.length > bytesMax) {
    return faulty('document-too-large', null, `it has ${value.length} bytes, and ${bytesMax} are allowed`);
  }
  if (!isUtf8(value)) return faulty('invalid-utf8', `byte ${firstInvalidByte(value)}`, 'the bytes there are no UTF-8');
  const text = decode(value);
  const excess = structureExcess(text);
  if (excess === 'depth') return faulty('too-deep', null, `it nests more than ${documentDepthMax} levels`);
  if (excess === 'keys') return faulty('document-too-large', null, `it has more than ${documentKeysMax} keys`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (text.trim() === '') return faulty('empty-record', null, 'the record is blank');
    return faulty('invalid-json', null, withoutExcerpt(error));
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) {
    const found = parsed === null ? 'null' : Array.isArray(parsed) ? 'an array' : `a ${typeof parsed}`;
    return faulty('not-an-object', null, `it is ${found}`);
  }
  const forbidden = forbiddenKeyPath(parsed, text);
  if (forbidden !== null) return faulty('forbidden-key', forbidden, `the key ${forbidden} poisons objects`);
  return { is: 'object', object: parsed as JsonObject };
}

const faulty = (...parts: Parameters<typeof fault>): ReadJson => ({ is: 'fault', fault: fault(...parts) });

/** Without the mark that some editors put at the start of a file. */
function decode(value: Uint8Array): string {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** Decoding writes a replacement where bytes are invalid, so that is where the text stops saying the same. */
function firstInvalidByte(value: Uint8Array): number {
  const again = Buffer.from(decode(value), 'utf8');
  const from = value[0] === 0xef && value[1] === 0xbb && value[2] === 0xbf ? 3 : 0;
  const at = value.subarray(from).findIndex((byte, index) => byte !== again[index]);
  return from + Math.max(at, 0);
}

/** The parser's message without the piece of the document that it quotes: messages go to logs, documents do not. */
function withoutExcerpt(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, '').replace(/ in JSON/, '');
}
