import type { Ask } from '#core/document.ts';
import { messagesFault } from './check-messages.ts';
import { customIdFault } from './custom-id-field.ts';
import { type Fault, fault, wrongField } from './fault.ts';
import { reuseFault } from './parse-reference.ts';
import type { JsonObject } from './read-json-object.ts';
import { unknownFieldFault } from './unknown-field-fault.ts';

const fields = new Set(['custom_id', 'task', 'content', 'data', 'messages', 'metadata', 'reuse']);
const bodies = ['content', 'data', 'messages'] as const;

/** `{custom_id, task?, content | data | messages, metadata?, reuse?}`. Which task it is for is decided by the caller. */
export function parseNativeDocument(object: JsonObject): Ask | Fault {
  return (
    unknownFieldFault(object, fields) ?? customIdFault(object.custom_id) ?? reuseFault(object.reuse) ?? readBody(object)
  );
}

function readBody(object: JsonObject): Ask | Fault {
  const given = bodies.filter(field => Object.hasOwn(object, field));
  if (given.length > 1) {
    return fault(
      'invalid-field',
      given[1] as string,
      `a document has one of content, data and messages, not ${given.join(' and ')}`,
    );
  }
  switch (given[0]) {
    case 'content':
      return readContent(object.content);
    case 'data':
      return { shape: 'content', content: JSON.stringify(object.data) };
    case 'messages':
      return (
        messagesFault(object.messages, 'messages') ?? { shape: 'messages', messages: object.messages as unknown[] }
      );
    default:
      return fault('missing-field', 'content', 'there is none of content, data and messages');
  }
}

function readContent(content: unknown): Ask | Fault {
  if (typeof content === 'string' && content !== '') return { shape: 'content', content };
  const wrong = wrongField('content', 'a text that is not empty', content);
  return content !== null && typeof content === 'object'
    ? { ...wrong, why: `${wrong.why}; JSON goes into "data"` }
    : wrong;
}
