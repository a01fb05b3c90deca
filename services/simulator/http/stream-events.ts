import type { WireMessage } from '../machine/build-message.ts';

const piecesMax = 8;

/** The server-sent events of one message, as one text: it is short, and nobody simulates typing here. */
export function streamEvents(message: WireMessage): string {
  const { content, stop_reason, stop_sequence, stop_details, usage } = message;
  const opening = {
    ...message,
    content: [],
    stop_reason: null,
    stop_details: null,
    usage: { ...usage, output_tokens: 1 },
  };
  const events: object[] = [{ type: 'message_start', message: opening }, { type: 'ping' }];
  for (const [index, block] of content.entries()) {
    const isText = block.type === 'text';
    const empty = isText ? { type: 'text', text: '' } : { ...block, input: {} };
    events.push({ type: 'content_block_start', index, content_block: empty });
    for (const piece of pieces(isText ? block.text : JSON.stringify(block.input))) {
      const delta = isText ? { type: 'text_delta', text: piece } : { type: 'input_json_delta', partial_json: piece };
      events.push({ type: 'content_block_delta', index, delta });
    }
    events.push({ type: 'content_block_stop', index });
  }
  events.push({ type: 'message_delta', delta: { stop_reason, stop_sequence, stop_details }, usage });
  events.push({ type: 'message_stop' });
  return events.map(event => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

function pieces(text: string): string[] {
  const points = Array.from(text);
  const length = Math.max(1, Math.ceil(points.length / piecesMax));
  const parts: string[] = [];
  for (let from = 0; from < points.length; from += length) parts.push(points.slice(from, from + length).join(''));
  return parts;
}
