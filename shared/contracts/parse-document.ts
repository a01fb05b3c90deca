import type { Ask, Document, Parsed } from '#core/document.ts';
import { headerNames } from '#core/headers.ts';
import { documentBytesMax, referencedBytesMax } from '#core/limits.ts';
import { errorCatalogue } from '#errors/catalogue.ts';
import { isCustomId } from './custom-id-field.ts';
import { type Fault, fault } from './fault.ts';
import { isIntakeRejectCode, rejectHeader } from './intake-reject.ts';
import { quoted, suggestion } from './nearest-name.ts';
import { parseAnthropicLine } from './parse-anthropic-line.ts';
import { parseNativeDocument } from './parse-native-document.ts';
import { referenceFault, taskFault } from './parse-reference.ts';
import { type JsonObject, readJsonObject } from './read-json-object.ts';
import { sniffCustomId } from './sniff-custom-id.ts';

export interface DocumentRecord {
  value: Uint8Array;
  headers: Readonly<Record<string, string>>;
}

/** The configuration as far as it decides what a document is. A Set or a Map of tasks will do. */
export interface DocumentContext {
  tasks: { has(name: string): boolean; keys(): Iterable<string> };
  /** Whether there is an account that documents can be sent to. */
  hasAnthropic: boolean;
}

/**
 * What a record of the documents topic is: a document in one of four shapes, or a reject that says what, where and why.
 * Total: it never throws, whatever the bytes. A pure function of record and context, and run for every document.
 */
export function parseDocument({ value, headers }: DocumentRecord, context: DocumentContext): Parsed {
  const code = headers[rejectHeader];
  if (code !== undefined && isIntakeRejectCode(code)) {
    return reject(sniffCustomId(value), fault(code, null, errorCatalogue[code].why));
  }
  const unreadable = value.length === 0 ? headers[headerNames.unreadable] : undefined;
  if (unreadable !== undefined) return reject(null, unreadableFault(unreadable));
  const read = readJsonObject(value, headers[headerNames.resolved] === '1' ? referencedBytesMax : documentBytesMax);
  if (read.is === 'fault') return reject(sniffCustomId(value), read.fault);
  const { object } = read;
  const found = readShape(object, headers, context);
  if (isFault(found)) return reject(isCustomId(object.custom_id) ? object.custom_id : null, found);
  const { custom_id: customId, metadata } = object;
  const { ask, task } = found;
  const document: Document = { customId: customId as string, ask, metadata, task };
  if (object.reuse === false && task !== null) document.mayReuse = false;
  return { is: 'document', document };
}

interface Found {
  ask: Ask;
  task: string | null;
}

const isFault = (value: Found | Ask | Fault): value is Fault => 'code' in value;

const reject = (customId: string | null, { code, where, why }: Fault): Parsed => ({
  is: 'reject',
  reject: { customId, code, where, why },
});

/**
 * A few bytes may unpack to gigabytes, or to nothing at all: the log delivers such a record without its bytes. Whoever sets the
 * header himself, on a record that has none, gets that record rejected under another name, and no other.
 */
function unreadableFault(why: string): Fault {
  const code = why === 'too-large' ? 'batch-unpacks-too-large' : 'record-unreadable';
  return fault(code, 'compressed batch', errorCatalogue[code].why);
}

/** The shape is told by the fields that only it has; what is wrong inside a shape is said in the words of that shape. */
function readShape(object: JsonObject, headers: DocumentRecord['headers'], context: DocumentContext): Found | Fault {
  if (Object.hasOwn(object, 'params')) {
    const ask = parseAnthropicLine(object);
    return isFault(ask) ? ask : (accountFault(context) ?? { ask, task: null });
  }
  if (isOpenAiLine(object)) {
    return fault('provider-not-configured', 'url', 'this is an OpenAI line, and no OpenAI account is configured');
  }
  if (Object.hasOwn(object, 'ref')) return referenceFault(object) ?? unresolvedFault(headers);
  if (nativeFields.some(field => Object.hasOwn(object, field))) return readNative(object, headers, context);
  return unknownShape(object);
}

const nativeFields = ['content', 'data', 'messages', 'task'];
const openAiFields = ['method', 'url', 'body'];
const shapeFields = new Set(['custom_id', 'params', 'ref', 'metadata', ...nativeFields, ...openAiFields]);

/** Two of its three fields are enough: one missing field must not make it something else. */
const isOpenAiLine = (object: JsonObject): boolean =>
  openAiFields.filter(field => Object.hasOwn(object, field)).length >= 2;

function readNative(object: JsonObject, headers: DocumentRecord['headers'], context: DocumentContext): Found | Fault {
  const ask = parseNativeDocument(object);
  if (isFault(ask)) return ask;
  const wrong = taskFault(object.task);
  if (wrong) return wrong;
  const task = (object.task as string | undefined) ?? headers[headerNames.task];
  if (!task) return fault('missing-task', 'task', 'neither the document nor a header names a task');
  if (!context.tasks.has(task)) {
    return fault('unknown-task', 'task', `there is no task ${quoted(task)}${suggestion(task, context.tasks.keys())}`);
  }
  return accountFault(context) ?? { ask, task };
}

const accountFault = (context: DocumentContext): Fault | null =>
  context.hasAnthropic ? null : fault('provider-not-configured', null, 'no Anthropic account is configured');

/** Intake resolves references. One that arrives here was not, and a header may say why. */
function unresolvedFault(headers: DocumentRecord['headers']): Fault {
  const code = headers[headerNames.referenceError];
  const known = code !== undefined && isIntakeRejectCode(code) ? code : 'reference-refused';
  return fault(known, 'ref.uri', errorCatalogue[known].why);
}

function unknownShape(object: JsonObject): Fault {
  const fields = Object.keys(object);
  const typo = fields.find(field => !shapeFields.has(field) && suggestion(field, shapeFields) !== '');
  const why =
    fields.length === 0
      ? 'the object is empty'
      : typo === undefined
        ? 'it has none of params, url, ref, content, data and messages'
        : `there is no field ${quoted(typo)}${suggestion(typo, shapeFields)}`;
  return fault('unknown-shape', typo ?? null, why);
}
