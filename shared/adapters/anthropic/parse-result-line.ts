import { isUtf8 } from 'node:buffer';
import { parse } from 'secure-json-parse';
import type { ResultLine } from '#ports/batch-provider.ts';
import { classifyItemError } from './classify-item-error.ts';
import { readAnswer } from './read-answer.ts';
import { readLineError } from './read-error-envelope.ts';
import type { SplitLine } from './split-lines.ts';

const UNREADABLE: ResultLine = { type: 'unreadable' };

/** Keys that poison objects are dropped: a provider's line is never refused for them. */
const parseOptions = { protoAction: 'remove', constructorAction: 'remove' } as const;

/** The API writes `custom_id` first; further inside, the same words could be a document's. */
const customIdAtHead = /^\s*\{\s*"custom_id"\s*:\s*("(?:[^"\\]|\\.)*")/;

/**
 * One line of a result stream. Never throws, and never guesses: a line that is damaged, has no `custom_id`, or ends
 * its item in a way nobody here has heard of says nothing.
 */
export function parseResultLine(line: SplitLine): ResultLine {
  if (!Buffer.isBuffer(line)) return parseOversizedLine(line.head);
  const value = parseJson(line);
  if (!isFields(value) || !isFields(value.result)) return UNREADABLE;
  const { custom_id: customId, result } = value;
  if (typeof customId !== 'string' || customId === '') return UNREADABLE;
  switch (result.type) {
    case 'succeeded': {
      const answer = readAnswer(result.message);
      return answer === null ? UNREADABLE : { type: 'succeeded', customId, answer };
    }
    case 'errored':
      return parseErrored(customId, result.error);
    case 'expired':
      return { type: 'expired', customId };
    case 'canceled':
      return { type: 'canceled', customId };
    default:
      return UNREADABLE;
  }
}

function parseErrored(customId: string, body: unknown): ResultLine {
  const error = readLineError(body) ?? { type: 'unknown_error', code: null, message: '' };
  const errorClass = classifyItemError(error);
  return { type: 'errored', customId, errorClass, code: error.type, message: error.message, body };
}

function parseOversizedLine(head: Buffer): ResultLine {
  const quoted = customIdAtHead.exec(head.toString())?.[1];
  const customId = quoted === undefined ? null : parseText(quoted);
  return typeof customId === 'string' && customId !== '' ? { type: 'too-large', customId } : UNREADABLE;
}

/** Bytes that are no UTF-8 would be replaced silently, and the answer would be another one. */
function parseJson(bytes: Buffer): unknown {
  return isUtf8(bytes) ? parseText(bytes.toString()) : undefined;
}

function parseText(text: string): unknown {
  try {
    return parse(text, parseOptions);
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
