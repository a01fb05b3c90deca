import { type PrefixEnd, type PromptBlocks, type PromptPosition, positionsOf } from './prompt-positions.ts';
import { messagesContext, type PromptParams, readMessages } from './read-prompt.ts';

/** All of a request's text but what stands in `messages`, and what is known of it. */
export interface PromptHead {
  before: string;
  after: string;
  /** The same with markers, by which markers; null where it cannot be cut in two. */
  marked: Map<string, Pick<PromptHead, 'before' | 'after'> | null>;
  model: string;
  positions: readonly PromptPosition[];
  end: PrefixEnd;
  contextOf: (hasImages: boolean) => string;
}

const headsMax = 8;
const messagesKey = '"messages":[';

/**
 * What the requests of a lane have in common, so that 20,000 tokens of instructions are parsed and hashed once: of the
 * next request the text before and behind its messages is compared, which is a comparison of bytes. A cache of a pure
 * function: what it answers is what reading anew would answer.
 */
export class PromptHeads {
  #heads: PromptHead[] = [];

  /** @returns null when this request has to be read as a whole */
  find(body: string): PromptBlocks | null {
    const parts = this.split(body);
    return parts && withMessages(parts.head, parts.messages);
  }

  /** The head that a request has, and the messages that stand in it; null as above. */
  split(body: string): { head: PromptHead; messages: unknown[] } | null {
    for (const [index, head] of this.#heads.entries()) {
      const { before, after } = head;
      const end = body.length - after.length;
      // Slices are compared as memory; `startsWith` compares letter by letter, fifty times slower.
      if (end < before.length || body.slice(end) !== after || body.slice(0, before.length) !== before) continue;
      // With its brackets: putting others around it would copy it.
      const messages = parsedList(body.slice(before.length - 1, end + 1));
      if (!messages) return null;
      if (index > 0) this.#heads = [head, ...this.#heads.filter(other => other !== head)];
      return { head, messages };
    }
    return null;
  }

  /** Takes a request's text apart, when its messages stand in it only once and at its top. */
  remember(body: string, params: PromptParams, blocks: PromptBlocks): void {
    const head = headOf(body, params, blocks);
    if (head) this.#heads = [head, ...this.#heads].slice(0, headsMax);
  }
}

function headOf(
  body: string,
  params: PromptParams,
  { model, positions, hasOwnMarkers }: PromptBlocks,
): PromptHead | null {
  if (hasOwnMarkers || !Array.isArray(params.messages)) return null;
  const inner = JSON.stringify(params.messages).slice(1, -1);
  const at = body.indexOf(`${messagesKey}${inner}]`);
  if (at < 0) return null;
  const before = body.slice(0, at + messagesKey.length);
  const after = body.slice(before.length + inner.length);
  if (!standsAtTop(before, after)) return null;
  const own = positions.filter(({ part }) => part !== 'messages');
  const last = own.at(-1);
  const end = { hash: last?.hash ?? model, tokens: last?.tokens ?? 0, count: own.length };
  return { before, after, marked: new Map(), model, positions: own, end, contextOf: messagesContext(params) };
}

/** Whatever list is put between the two, it is the request's only `messages`. */
function standsAtTop(before: string, after: string): boolean {
  try {
    const without = JSON.parse(`${before}${after}`) as PromptParams;
    const marked = JSON.parse(`${before}0${after}`) as PromptParams;
    return JSON.stringify(without.messages) === '[]' && JSON.stringify(marked.messages) === '[0]';
  } catch {
    return false;
  }
}

function withMessages({ model, positions, end, contextOf }: PromptHead, messages: unknown[]): PromptBlocks {
  const { blocks, hasOwnMarkers } = readMessages(messages, contextOf);
  const own = positionsOf(blocks, end);
  return { model, positions: positions.concat(own.positions), tokens: own.tokens, hasOwnMarkers };
}

function parsedList(text: string): unknown[] | null {
  try {
    return JSON.parse(text) as unknown[];
  } catch {
    return null;
  }
}
