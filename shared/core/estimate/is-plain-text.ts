import type { Ask } from '../document.ts';

/** Fields that bring no tokens beside their own bytes; `messages` and `system` are looked into. */
const plainFields = new Set(['model', 'max_tokens', 'messages', 'system', 'temperature', 'top_p', 'stop_sequences']);

/**
 * True when a request consists of texts: no picture, tool or marker can be in it. Of what is parsed already this takes no
 * time; the JSON of it would have to be searched for each of them, a hundred thousand times a second.
 */
export function isPlainText(ask: Ask): boolean {
  if (ask.shape === 'content') return true;
  if (ask.shape === 'messages') return areTexts(ask.messages);
  const { params } = ask;
  for (const name in params) if (!plainFields.has(name)) return false;
  const { system, messages } = params;
  return (system === undefined || typeof system === 'string') && Array.isArray(messages) && areTexts(messages);
}

function areTexts(messages: readonly unknown[]): boolean {
  for (const message of messages) {
    if (typeof message !== 'object' || message === null) return false;
    for (const name in message) if (name !== 'role' && name !== 'content') return false;
    const { role, content } = message as { role?: unknown; content?: unknown };
    if (typeof role !== 'string' || typeof content !== 'string') return false;
  }
  return true;
}
