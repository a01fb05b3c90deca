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
  /** 16 hex characters of SHA-256 over the model, all blocks up to here, and what else invalidates an entry that ends here. */
  hash: string;
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
  let { hash: prefix, tokens } = before;
  for (const { part, text, context, canMark } of blocks) {
    tokens += Math.ceil(Buffer.byteLength(text) / bytesPerTokenUsual);
    if (before.count + positions.length >= promptPositionsMax) continue;
    prefix = hash('sha256', `${prefix}\n${part}\n${context}\n${text}`).slice(0, 16);
    positions.push({ part, hash: prefix, tokens, canMark });
  }
  return { positions, tokens };
}
