import {
  endOf,
  type PrefixEnd,
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
  end: PrefixEnd;
  contextOf: (hasImages: boolean) => string;
}

const headsMax = 8;

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
    const { model, end, contextOf } = known.head;
    const { blocks, hasOwnMarkers } = readMessages(params.messages, contextOf);
    const same = sameAtStart(blocks, known.latest.blocks);
    const before = known.latest.positions.slice(0, end.count + same);
    const behind = positionsOf(blocks.slice(before.length - end.count), endOf(model, before));
    const positions = before.concat(behind.positions);
    known.latest = { blocks, positions };
    return { model, positions, tokens: behind.tokens, hasOwnMarkers };
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
  /** The request that was read last, and its blocks behind the head: the next one may begin as it did. */
  latest: { blocks: readonly PromptBlock[]; positions: readonly PromptPosition[] };
}

/**
 * @param blocks of the same request
 * @returns null when it has markers of its own, or a head so long that its last blocks have no position
 */
export function headOf(params: PromptParams, { model, positions, hasOwnMarkers }: PromptBlocks): PromptHead | null {
  const isCut = positions.length >= promptPositionsMax && positions.at(-1)?.part !== 'messages';
  if (hasOwnMarkers || isCut) return null;
  const own = positions.filter(({ part }) => part !== 'messages');
  return { model, positions: own, end: endOf(model, own), contextOf: messagesContext(params) };
}

export function behindHead({ model, positions, end, contextOf }: PromptHead, messages: unknown): PromptBlocks {
  const { blocks, hasOwnMarkers } = readMessages(messages, contextOf);
  const own = positionsOf(blocks, end);
  return { model, positions: positions.concat(own.positions), tokens: own.tokens, hasOwnMarkers };
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
