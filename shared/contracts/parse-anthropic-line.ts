import type { Ask } from '#core/document.ts';
import { isObject, messagesFault } from './check-messages.ts';
import { customIdFault } from './custom-id-field.ts';
import { type Fault, wrongField } from './fault.ts';
import type { JsonObject } from './read-json-object.ts';
import { unknownFieldFault } from './unknown-field-fault.ts';

const fields = new Set(['custom_id', 'params', 'metadata']);

/** `{custom_id, params, metadata?}`: the parameters go to the provider untouched, so only what would fail all is checked. */
export function parseAnthropicLine(object: JsonObject): Ask | Fault {
  const { params } = object;
  return (
    unknownFieldFault(object, fields) ??
    customIdFault(object.custom_id) ??
    paramsFault(params) ?? { shape: 'as-is', provider: 'anthropic', params: params as JsonObject }
  );
}

function paramsFault(params: unknown): Fault | null {
  if (!isObject(params)) return wrongField('params', 'an object', params);
  const { model, max_tokens: maxTokens, messages } = params;
  if (typeof model !== 'string' || model === '') return wrongField('params.model', 'the name of a model', model);
  if (!Number.isInteger(maxTokens) || (maxTokens as number) < 1) {
    return wrongField('params.max_tokens', 'a whole number from 1', maxTokens);
  }
  return messagesFault(messages, 'params.messages');
}
