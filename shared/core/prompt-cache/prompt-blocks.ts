import type { PromptHeads } from './prompt-heads.ts';
import { type PromptBlocks, positionsOf } from './prompt-positions.ts';
import { type PromptParams, readPrompt } from './read-prompt.ts';

export type { PromptBlocks } from './prompt-positions.ts';

/**
 * The blocks of a request. Never throws: of what is no request there are none.
 * @param body the request's parameters, as JSON text or parsed
 * @param heads remembers what requests have in common, so that a shared prefix is read and hashed once
 */
export function promptBlocks(body: string | Readonly<Record<string, unknown>>, heads?: PromptHeads): PromptBlocks {
  if (typeof body !== 'string') return blocksOf(body);
  const known = heads?.find(body);
  if (known) return known;
  const params = parsed(body);
  if (!params) return noBlocks;
  const blocks = blocksOf(params);
  heads?.remember(body, params, blocks);
  return blocks;
}

/** Whether its producer set markers in it: then nothing is put in beside them. Hardly any body has to be parsed for it. */
export const hasOwnMarkers = (body: string): boolean =>
  body.includes('_control"') && readPrompt(parsed(body) ?? {}).hasOwnMarkers;

export const noBlocks: PromptBlocks = { model: '', positions: [], tokens: 0, hasOwnMarkers: false };

function blocksOf(params: PromptParams): PromptBlocks {
  const { model, blocks, hasOwnMarkers } = readPrompt(params);
  return { model, ...positionsOf(blocks, { hash: model, tokens: 0, count: 0 }), hasOwnMarkers };
}

function parsed(body: string): PromptParams | null {
  try {
    const params: unknown = JSON.parse(body);
    return typeof params === 'object' && params !== null && !Array.isArray(params) ? (params as PromptParams) : null;
  } catch {
    return null;
  }
}
