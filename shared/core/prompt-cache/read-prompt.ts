import type { PromptBlock } from './prompt-positions.ts';

/** A request's parameters as they came: nothing of them is taken for granted. */
export type PromptParams = Readonly<Record<string, unknown>>;

export interface ReadPrompt {
  model: string;
  blocks: PromptBlock[];
  hasOwnMarkers: boolean;
}

/** Where all stands that `readPrompt` reads beside the messages: in requests that agree in these it is the same. */
export const headFields = [
  'model',
  'tools',
  'system',
  'output_config',
  'tool_choice',
  'thinking',
  'cache_control',
] as const;

/** The blocks of a request in the order in which the provider caches them. */
export function readPrompt(params: PromptParams): ReadPrompt {
  const tools = listOf(params.tools).map(tool => structured('tools', tool, ''));
  const system = partBlocks('system', params.system, formatContext(params));
  const { blocks: messages, hasOwnMarkers } = readMessages(params.messages, messagesContext(params));
  const isMarked = [...listOf(params.tools), ...listOf(params.system)].some(hasMarker);
  return {
    model: typeof params.model === 'string' ? params.model : '',
    blocks: [...tools, ...system, ...messages],
    hasOwnMarkers: hasOwnMarkers || isMarked || (params.cache_control ?? null) !== null,
  };
}

/** @param contextOf what invalidates all messages, given whether there is an image among them */
export function readMessages(
  messages: unknown,
  contextOf: (hasImages: boolean) => string,
): Pick<ReadPrompt, 'blocks' | 'hasOwnMarkers'> {
  const list = listOf(messages);
  const contents = list.flatMap(message => listOf(message.content));
  const context = contextOf(contents.some(block => block.type === 'image'));
  const blocks = list.flatMap(({ role, content }) => partBlocks('messages', content, `${String(role)}${context}`));
  return { blocks, hasOwnMarkers: contents.some(hasMarker) };
}

/** Tool choice, thinking, effort and images invalidate what is cached of the messages. */
export function messagesContext(params: PromptParams): (hasImages: boolean) => string {
  const { tool_choice: choice, thinking, output_config: config } = params;
  const effort = isObject(config) ? config.effort : undefined;
  const fixed = JSON.stringify([choice, thinking, effort]);
  return hasImages => `${fixed}${hasImages}`;
}

/** The output format is part of what is cached from the system blocks on. */
export function formatContext({ output_config: config }: PromptParams): string {
  const format = isObject(config) ? config.format : undefined;
  return format === undefined || format === null ? '' : JSON.stringify(format);
}

function partBlocks(part: PromptBlock['part'], content: unknown, context: string): PromptBlock[] {
  if (typeof content === 'string') return [{ part, text: content, context, canMark: content !== '' }];
  return listOf(content).map(block => structured(part, block, context));
}

function structured(part: PromptBlock['part'], block: Readonly<Record<string, unknown>>, context: string): PromptBlock {
  if (block.type === 'text' && typeof block.text === 'string' && part !== 'tools') {
    return { part, text: block.text, context, canMark: block.text !== '' };
  }
  const { cache_control: _marker, ...content } = block;
  const canMark = block.type !== 'thinking' && block.type !== 'redacted_thinking';
  return { part, text: JSON.stringify(content), context, canMark };
}

const hasMarker = (block: Readonly<Record<string, unknown>>): boolean => (block.cache_control ?? null) !== null;

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects of a list; what is none is no block. */
export const listOf = (value: unknown): Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isObject) : [];
