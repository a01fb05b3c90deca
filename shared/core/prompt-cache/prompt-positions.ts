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
   * out when it is first asked for: that of a document nobody shares never is.
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

/** What a prefix is that others are put behind. */
export interface PrefixEnd {
  hash: string;
  tokens: number;
  count: number;
}

export interface PromptBlock {
  part: PromptPart;
  text: string;
  /** What beside the text invalidates every entry from here on. */
  context: string;
  canMark: boolean;
}

export function positionsOf(
  blocks: readonly PromptBlock[],
  before: PrefixEnd,
): { positions: PromptPosition[]; tokens: number } {
  const positions: PromptPosition[] = [];
  let { tokens } = before;
  let prefix: Pick<PromptPosition, 'hash'> = before;
  for (const block of blocks) {
    tokens += Math.ceil(Buffer.byteLength(block.text) / bytesPerTokenUsual);
    if (before.count + positions.length >= promptPositionsMax) continue;
    const position = positionBehind(prefix, block, tokens);
    positions.push(position);
    prefix = position;
  }
  return { positions, tokens };
}

function positionBehind(
  before: Pick<PromptPosition, 'hash'>,
  { part, text, context, canMark }: PromptBlock,
  tokens: number,
): PromptPosition {
  let known = '';
  // Let go once it is hashed: a head outlives the request that it was read from.
  let content: string | null = `${part}\n${context}\n${text}`;
  return {
    part,
    get hash() {
      if (content !== null) known = hash('sha256', `${before.hash}\n${content}`).slice(0, 16);
      content = null;
      return known;
    },
    outline: outlineOf(text),
    tokens,
    canMark,
  };
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
