import { headOf, headsMax, type PromptHead } from './prompt-heads.ts';
import type { PromptBlocks } from './prompt-positions.ts';
import type { PromptParams } from './read-prompt.ts';

/** A request's text around the list in its `messages`. */
export interface TextAround {
  before: string;
  after: string;
}

export interface TextHead extends TextAround, PromptHead {
  /** The text around with markers, by which markers; null where it cannot be cut in two. */
  marked: Map<string, TextAround | null>;
}

const messagesKey = '"messages":[';

/**
 * As `PromptHeads`, for requests that are already written out: of the next one the text before and behind its messages is compared,
 * which is a comparison of bytes.
 */
export class TextHeads {
  #heads: TextHead[] = [];

  /** The head that a request has, and the messages that stand in it. @returns null when it has to be read as a whole */
  split(body: string): { head: TextHead; messages: unknown[] } | null {
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
    const head = headOf(params, blocks);
    const around = head && Array.isArray(params.messages) ? textAround(body, params.messages) : null;
    if (head && around) this.#heads = [{ ...around, marked: new Map(), ...head }, ...this.#heads].slice(0, headsMax);
  }
}

function textAround(body: string, messages: readonly unknown[]): TextAround | null {
  const inner = JSON.stringify(messages).slice(1, -1);
  const at = body.indexOf(`${messagesKey}${inner}]`);
  if (at < 0) return null;
  const before = body.slice(0, at + messagesKey.length);
  const after = body.slice(before.length + inner.length);
  return standsAtTop(before, after) ? { before, after } : null;
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

function parsedList(text: string): unknown[] | null {
  try {
    return JSON.parse(text) as unknown[];
  } catch {
    return null;
  }
}
