import { hash } from 'node:crypto';
import { bytesPerTokenUsual } from '../limits.ts';

/** A request as the provider's prompt cache sees it: the prefix up to each block, in the order tools, system, messages. */
export interface PromptBlocks {
  /** Empty when the request names none. */
  model: string;
  positions: readonly PromptPosition[];
  /** By estimate, of the whole prompt: of what is beyond the last position too. */
  tokens: number;
  /** Its producer set markers himself: nothing is put in beside them. */
  hasOwnMarkers: boolean;
}

export interface PromptPosition {
  part: PromptPart;
  /**
   * 16 hex characters of SHA-256 over the model, all blocks up to here, and what else invalidates an entry that ends here. Worked
   * out when it is first asked for: that of a document nobody shares never is. A copy made by spreading lacks it.
   */
  readonly hash: string;
  /** A number that equal blocks have in common: where it differs, hashes need not be compared. */
  outline: number;
  /** By estimate, of the prefix that ends here. */
  tokens: number;
  /** False where no marker may stand: on thinking and on empty text. */
  canMark: boolean;
}

export type PromptPart = 'tools' | 'system' | 'messages';

/** Blocks of one request that are looked at; what is behind them is the document. */
export const promptPositionsMax = 128;

/** Where blocks go on: behind `count` others. */
export interface PrefixEnd {
  position: Pick<PromptPosition, 'hash' | 'tokens'>;
  count: number;
}

/** @param positions of one request, or the first of them */
export const endOf = (model: string, positions: readonly PromptPosition[]): PrefixEnd => ({
  position: positions.at(-1) ?? { hash: model, tokens: 0 },
  count: positions.length,
});

export interface PromptBlock {
  part: PromptPart;
  text: string;
  /** What beside the text invalidates every entry from here on. */
  context: string;
  canMark: boolean;
}

export function positionsOf(
  blocks: readonly PromptBlock[],
  { position: before, count }: PrefixEnd,
): { positions: PromptPosition[]; tokens: number } {
  const positions: PromptPosition[] = [];
  let { tokens } = before;
  let prefix: Pick<PromptPosition, 'hash'> = before;
  for (const block of blocks) {
    tokens += Math.ceil(Buffer.byteLength(block.text) / bytesPerTokenUsual);
    if (count + positions.length >= promptPositionsMax) continue;
    const position = new BlockPosition(prefix, block, tokens);
    positions.push(position);
    prefix = position;
  }
  return { positions, tokens };
}

/** A class because as many are made as there are documents, and an object with a getter of its own takes ten times as long. */
class BlockPosition implements PromptPosition {
  readonly part: PromptPart;
  readonly outline: number;
  readonly tokens: number;
  readonly canMark: boolean;
  readonly #before: Pick<PromptPosition, 'hash'>;
  /** Let go once it is hashed: a head outlives the request that it was read from. */
  #block: PromptBlock | null;
  #hash = '';

  constructor(before: Pick<PromptPosition, 'hash'>, block: PromptBlock, tokens: number) {
    this.part = block.part;
    this.outline = outlineOf(block.text);
    this.tokens = tokens;
    this.canMark = block.canMark;
    this.#before = before;
    this.#block = block;
  }

  get hash(): string {
    if (this.#block === null) return this.#hash;
    const { part, context, text } = this.#block;
    this.#hash = hash('sha256', `${this.#before.hash}\n${part}\n${context}\n${text}`).slice(0, 16);
    this.#block = null;
    return this.#hash;
  }
}

/** Characters at either end that are looked at: documents of one length mostly differ there, if in their number alone. */
const outlineEnds = 16;

function outlineOf(text: string): number {
  let outline = text.length;
  for (let index = 0; index < Math.min(outlineEnds, text.length); index += 1) {
    outline = (Math.imul(outline, 31) + text.charCodeAt(index)) | 0;
    outline = (Math.imul(outline, 31) + text.charCodeAt(text.length - 1 - index)) | 0;
  }
  return outline;
}
