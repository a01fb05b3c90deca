import { estimateTokens } from './estimate-tokens.ts';
import type { CacheControl, MessageParams } from './message-params.ts';
import { hashText } from './seeded-random.ts';

/** A request's prompt as the cache sees it: the prefix up to each position, in the order tools, system, messages. */
export interface PromptPlan {
  inputTokens: number;
  /** Empty for a request without markers. */
  breakpoints: Breakpoint[];
}

export interface Breakpoint {
  ttl: '5m' | '1h';
  /** This position and up to 19 before it, longest prefix first. */
  positions: PrefixPosition[];
}

export interface PrefixPosition {
  /** Hash of model and everything up to here. */
  key: string;
  /** Tokens of the whole prefix up to here. */
  tokens: number;
}

const lookBackPositions = 20;

/** Counts the prompt's tokens; hashes prefixes only when something is marked, which is rare and costs time. */
export function planPrompt(params: MessageParams): PromptPlan {
  const blocks = promptBlocks(params);
  const isMarked = params.cache_control !== undefined || blocks.some(block => block.marker);
  if (!isMarked) return { inputTokens: blocks.reduce((sum, block) => sum + block.tokens, 0), breakpoints: [] };
  const last = blocks.at(-1);
  if (params.cache_control && last && !last.marker) last.marker = params.cache_control;
  return markedPlan(params.model, blocks);
}

function markedPlan(model: string, blocks: PromptBlock[]): PromptPlan {
  const positions: PrefixPosition[] = [];
  const breakpoints: Breakpoint[] = [];
  let key = model;
  let tokens = 0;
  for (const block of blocks) {
    key = hashText(`${key}\n${block.context}\n${block.content}`);
    tokens += block.tokens;
    positions.push({ key, tokens });
    if (block.marker) {
      breakpoints.push({ ttl: block.marker.ttl ?? '5m', positions: positions.slice(-lookBackPositions).reverse() });
    }
  }
  return { inputTokens: tokens, breakpoints };
}

interface PromptBlock {
  content: string;
  /** What beside the content invalidates the prefix from here on. */
  context: string;
  tokens: number;
  marker: CacheControl | undefined;
}

function promptBlocks(params: MessageParams): PromptBlock[] {
  const blocks: PromptBlock[] = [];
  for (const tool of params.tools ?? []) blocks.push(block(withoutMarker(tool), '', tool.cache_control));
  const format = params.output_config?.format ? JSON.stringify(params.output_config.format) : '';
  if (typeof params.system === 'string') blocks.push(textBlock(params.system, format, undefined));
  else for (const part of params.system ?? []) blocks.push(contentBlock(part, format));
  const context = messagesContext(params);
  for (const message of params.messages) {
    const here = `${message.role}${context}`;
    if (typeof message.content === 'string') blocks.push(textBlock(message.content, here, undefined));
    else for (const part of message.content) blocks.push(contentBlock(part, here));
  }
  return blocks;
}

function contentBlock(part: Record<string, unknown>, context: string): PromptBlock {
  const marker = part.cache_control as CacheControl | undefined;
  if (part.type === 'text' && typeof part.text === 'string') return textBlock(part.text, context, marker);
  return block(withoutMarker(part), context, marker);
}

/** A marker on an empty text marks nothing. */
function textBlock(text: string, context: string, marker: CacheControl | undefined): PromptBlock {
  return { content: text, context, tokens: estimateTokens(text), marker: text === '' ? undefined : marker };
}

function block(content: string, context: string, marker: CacheControl | undefined): PromptBlock {
  return { content, context, tokens: estimateTokens(content), marker };
}

function withoutMarker({ cache_control: _marker, ...content }: object & { cache_control?: unknown }): string {
  return JSON.stringify(content);
}

function messagesContext(params: MessageParams): string {
  const { tool_choice: choice, thinking, output_config: config } = params;
  const hasImages = params.messages.some(
    message => Array.isArray(message.content) && message.content.some(part => part.type === 'image'),
  );
  return JSON.stringify([choice, thinking, config?.effort, hasImages]);
}
