import type { PromptHeads } from './prompt-heads.ts';
import { endOf, type PromptBlocks, positionsOf } from './prompt-positions.ts';
import { type PromptParams, readPrompt } from './read-prompt.ts';

export type { PromptBlocks } from './prompt-positions.ts';

/**
 * The blocks of a request. Never throws: of what is no request there are none.
 * @param request its parameters, parsed or as JSON text
 * @param heads remembers what requests have in common, so that a shared prefix is read and hashed once
 */
export function promptBlocks(request: string | PromptParams, heads?: PromptHeads): PromptBlocks {
  const params = typeof request === 'string' ? parsedParams(request) : request;
  if (!params) return noBlocks;
  const known = heads?.find(params);
  if (known) return known;
  const { model, blocks, hasOwnMarkers } = readPrompt(params);
  const read = { model, ...positionsOf(blocks, endOf(model, [])), hasOwnMarkers };
  heads?.remember(params, read);
  return read;
}

/** Whether its producer set markers in it: then nothing is put in beside them. Hardly any body has to be parsed for it. */
export const hasOwnMarkers = (body: string): boolean =>
  body.includes('_control"') && readPrompt(parsedParams(body) ?? {}).hasOwnMarkers;

export const noBlocks: PromptBlocks = { model: '', positions: [], tokens: 0, hasOwnMarkers: false };

/** Null for what is no request. */
export function parsedParams(body: string): PromptParams | null {
  try {
    const params: unknown = JSON.parse(body);
    return typeof params === 'object' && params !== null && !Array.isArray(params) ? (params as PromptParams) : null;
  } catch {
    return null;
  }
}
