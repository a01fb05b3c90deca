import { documentBytesMax } from '#core/limits.ts';
import { isObject } from './check-messages.ts';
import { customIdFault } from './custom-id-field.ts';
import { type Fault, wrongField } from './fault.ts';
import { type JsonObject, readJsonObject } from './read-json-object.ts';
import { unknownFieldFault } from './unknown-field-fault.ts';

/** A document whose bytes are elsewhere. Intake brings them in and appends a native document in its place. */
export interface Reference {
  customId: string;
  task: string | null;
  uri: string;
  /** Lower-case hex, when the producer said it. */
  sha256: string | null;
  bytes: number | null;
  mediaType: string | null;
  /** `undefined` when there is none. */
  metadata: unknown;
}

const fields = new Set(['custom_id', 'task', 'ref', 'metadata', 'reuse']);
const refFields = new Set(['uri', 'sha256', 'bytes', 'media_type']);

/** @returns null when the bytes are anything but a well-formed reference; `parseDocument` says what is wrong with them */
export function parseReference(value: Uint8Array): Reference | null {
  if (!Buffer.from(value.buffer, value.byteOffset, value.byteLength).includes('"ref"')) return null;
  const read = readJsonObject(value, documentBytesMax);
  if (read.is === 'fault' || !Object.hasOwn(read.object, 'ref') || referenceFault(read.object) !== null) return null;
  const { custom_id, task, ref, metadata } = read.object;
  const { uri, sha256, bytes, media_type } = ref as JsonObject;
  return {
    customId: custom_id as string,
    task: (task as string | undefined) ?? null,
    uri: uri as string,
    sha256: (sha256 as string | undefined)?.toLowerCase() ?? null,
    bytes: (bytes as number | undefined) ?? null,
    mediaType: (media_type as string | undefined) ?? null,
    metadata,
  };
}

/** `{custom_id, task?, ref: {uri, sha256?, bytes?, media_type?}, metadata?}`, or what is wrong with it. */
export function referenceFault(object: JsonObject): Fault | null {
  return (
    unknownFieldFault(object, fields) ??
    customIdFault(object.custom_id) ??
    taskFault(object.task) ??
    reuseFault(object.reuse) ??
    refFault(object.ref)
  );
}

/** A task is named by a text, or not at all. */
export const taskFault = (task: unknown): Fault | null =>
  task === undefined || (typeof task === 'string' && task !== '')
    ? null
    : wrongField('task', 'the name of a task', task);

/** Whether it may share an answer is said by true or false, or not at all. */
export const reuseFault = (reuse: unknown): Fault | null =>
  reuse === undefined || typeof reuse === 'boolean' ? null : wrongField('reuse', 'true or false', reuse);

function refFault(ref: unknown): Fault | null {
  if (!isObject(ref)) return wrongField('ref', 'an object', ref);
  const { uri, sha256, bytes, media_type: mediaType } = ref;
  const unknown = unknownFieldFault(ref, refFields, 'ref');
  if (unknown) return unknown;
  if (typeof uri !== 'string' || uri === '') return wrongField('ref.uri', 'a URI', uri);
  if (sha256 !== undefined && !(typeof sha256 === 'string' && /^[0-9a-f]{64}$/i.test(sha256))) {
    return wrongField('ref.sha256', '64 hexadecimal digits', sha256);
  }
  if (bytes !== undefined && !(Number.isSafeInteger(bytes) && (bytes as number) >= 0)) {
    return wrongField('ref.bytes', 'a whole number', bytes);
  }
  return mediaType === undefined || typeof mediaType === 'string'
    ? null
    : wrongField('ref.media_type', 'a text', mediaType);
}
