import { type Fault, wrongField } from './fault.ts';

/** Messages as every provider wants them at least: not empty, each with text or blocks. The rest is the provider's. */
export function messagesFault(messages: unknown, where: string): Fault | null {
  if (!Array.isArray(messages) || messages.length === 0) return wrongField(where, 'an array of messages', messages);
  for (let index = 0; index < messages.length; index++) {
    const message: unknown = messages[index];
    if (!isObject(message)) return wrongField(`${where}[${index}]`, 'an object', message);
    const { content } = message;
    if (typeof content === 'string') continue;
    if (!Array.isArray(content))
      return wrongField(`${where}[${index}].content`, 'a string or an array of blocks', content);
    const odd = content.findIndex(block => !isObject(block));
    if (odd !== -1) return wrongField(`${where}[${index}].content[${odd}]`, 'an object', content[odd]);
  }
  return null;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
