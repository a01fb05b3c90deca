import type { Answer, ItemErrorClass, ResultLine } from '#ports/batch-provider.ts';
import type { WireMessage } from './machine/build-message.ts';

type WireResult =
  | { type: 'succeeded'; message: WireMessage }
  | { type: 'errored'; error: { error: { type: string; message: string } } }
  | { type: 'canceled' }
  | { type: 'expired' };

/** A stored result line in the words of the port. Lines are the simulator's own, so only faults make them unreadable. */
export function readResultLine(text: string): ResultLine {
  const parsed = parse(text);
  if (!parsed) return { type: 'unreadable' };
  const { custom_id: customId, result } = parsed;
  switch (result.type) {
    case 'succeeded':
      return { type: 'succeeded', customId, answer: answerOf(result.message) };
    case 'errored': {
      const { type, message } = result.error.error;
      return { type: 'errored', customId, errorClass: classOf(type, message), code: type, message, body: result.error };
    }
    case 'canceled':
    case 'expired':
      return { type: result.type, customId };
  }
}

function parse(text: string): { custom_id: string; result: WireResult } | null {
  try {
    return JSON.parse(text) as { custom_id: string; result: WireResult };
  } catch {
    return null;
  }
}

/** What a synchronous message says of its price. */
export const readMessage = (message: WireMessage): Pick<Answer, 'model' | 'usage'> => {
  const { model, usage } = answerOf(message);
  return { model, usage };
};

function answerOf(message: WireMessage): Answer {
  const { usage } = message;
  return {
    body: message,
    text: message.content.map(block => (block.type === 'text' ? block.text : '')).join(''),
    finish: finishOf(message.stop_reason),
    model: message.model,
    usage: {
      input: usage.input_tokens,
      output: usage.output_tokens,
      cacheRead: usage.cache_read_input_tokens,
      cacheWrite5m: usage.cache_creation.ephemeral_5m_input_tokens,
      cacheWrite1h: usage.cache_creation.ephemeral_1h_input_tokens,
    },
  };
}

function finishOf(stopReason: WireMessage['stop_reason']): Answer['finish'] {
  if (stopReason === 'max_tokens') return 'truncated';
  return stopReason === 'refusal' ? 'refused' : 'complete';
}

const accountErrors = new Set(['authentication_error', 'billing_error', 'permission_error']);
const documentErrors = new Set(['invalid_request_error', 'not_found_error', 'request_too_large']);

function classOf(type: string, message: string): ItemErrorClass {
  if (accountErrors.has(type) || message.includes('credit balance is too low')) return 'account';
  return documentErrors.has(type) ? 'document' : 'transient';
}
