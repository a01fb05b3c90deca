import {
  endOf,
  type PromptBlock,
  type PromptBlocks,
  type PromptPosition,
  positionsOf,
  promptPositionsMax,
} from './prompt-positions.ts';
import { headFields, isObject, messagesContext, type PromptParams, readMessages } from './read-prompt.ts';

/** What is known of all that stands before the messages of a request. */
export interface PromptHead {
  model: string;
  positions: readonly PromptPosition[];
  contextOf: (hasImages: boolean) => string;
}

export const headsMax = 8;

/**
 * What the requests of a lane have in common, so that 20,000 tokens of instructions are read and hashed once: those of one task
 * are even one text in memory, and others are compared byte by byte. A cache of a pure function: what it answers is what
 * reading anew would answer.
 */
export class PromptHeads {
  #heads: KnownHead[] = [];

  /** @returns null when this request has to be read as a whole */
  find(params: PromptParams): PromptBlocks | null {
    const known = this.#heads.find(other => headFields.every(field => isSameJson(other.params[field], params[field])));
    if (!known) return null;
    if (known !== this.#heads[0]) this.#heads = [known, ...this.#heads.filter(other => other !== known)];
    const { read, latest } = behindHead(known.head, params.messages, known.latest);
    known.latest = latest;
    return read;
  }

  remember(params: PromptParams, blocks: PromptBlocks): void {
    const head = headOf(params, blocks);
    if (!head) return;
    const { messages: _, ...others } = params;
    const known = { params: others, head, latest: { blocks: [], positions: head.positions } };
    this.#heads = [known, ...this.#heads].slice(0, headsMax);
  }
}

interface KnownHead {
  params: PromptParams;
  head: PromptHead;
  latest: LatestRequest;
}

/** The request behind a head that was read last: all its positions, and its blocks behind the head. The next one may begin as it did. */
interface LatestRequest {
  blocks: readonly PromptBlock[];
  positions: readonly PromptPosition[];
}

/**
 * @param blocks of the same request
 * @returns null when it has markers of its own, or a head so long that its last blocks have no position
 */
export function headOf(params: PromptParams, { model, positions, hasOwnMarkers }: PromptBlocks): PromptHead | null {
  const isCut = positions.length >= promptPositionsMax && positions.at(-1)?.part !== 'messages';
  if (hasOwnMarkers || isCut) return null;
  const own = positions.filter(({ part }) => part !== 'messages');
  return { model, positions: own, contextOf: messagesContext(params) };
}

/** A request with this head and these messages. @param latest whose positions are taken as far as the messages begin alike */
export function behindHead(
  { model, positions: head, contextOf }: PromptHead,
  messages: unknown,
  latest: LatestRequest = { blocks: [], positions: head },
): { read: PromptBlocks; latest: LatestRequest } {
  const { blocks, hasOwnMarkers } = readMessages(messages, contextOf);
  const before = latest.positions.slice(0, head.length + sameAtStart(blocks, latest.blocks));
  const behind = positionsOf(blocks.slice(before.length - head.length), endOf(model, before));
  const positions = before.concat(behind.positions);
  return { read: { model, positions, tokens: behind.tokens, hasOwnMarkers }, latest: { blocks, positions } };
}

/** Whether both are written as the same text: the order of keys counts, because it does for the provider. */
function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((value, at) => isSameJson(value, b[at]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  return keys.length === others.length && keys.every((key, at) => key === others[at] && isSameJson(a[key], b[key]));
}

/** How many of the first blocks are those of the other. */
function sameAtStart(blocks: readonly PromptBlock[], others: readonly PromptBlock[]): number {
  const differs = blocks.findIndex(({ text, context, canMark }, at) => {
    const other = others[at];
    return text !== other?.text || context !== other.context || canMark !== other.canMark;
  });
  return differs < 0 ? blocks.length : differs;
}
