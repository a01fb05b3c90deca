import type { CacheMark } from './cache-plan.ts';
import { markerOf } from './mark-request.ts';
import { promptBlocks } from './prompt-blocks.ts';
import { isObject, listOf, type PromptParams } from './read-prompt.ts';

/**
 * The small single call that writes a mark's prefix before its batch is created: the blocks up to the mark, and as good
 * as no answer.
 *
 * `max_tokens: 0` is refused together with an output format or a forced tool choice. Where the entry depends on these
 * they stay, and one token of an answer is bought; an entry of tools alone does not depend on them. Thinking cannot be
 * kept that short: a prefix that reaches into the messages of a thinking request is not primed.
 * @param body any item's request, without markers, whose blocks up to there are the mark's
 * @returns null when no call that is small would write that same entry
 */
export function primeRequest(body: string, mark: CacheMark): string | null {
  const { positions, hasOwnMarkers } = promptBlocks(body);
  const end = positions[mark.depth - 1];
  if (hasOwnMarkers || end?.hash !== mark.hash || !end.canMark) return null;
  const params = JSON.parse(body) as PromptParams;
  if (end.part === 'messages' && (isThinking(params) || hasLaterImage(params, mark.depth))) return null;
  // Where tools come from elsewhere, what is cached of them is not in this text.
  if (params.mcp_servers !== undefined) return null;
  const isAnswered = keepsAnswering(params, end.part);
  const prime = { ...prefixOf(params, mark), ...kept(params, end.part) };
  return JSON.stringify({ model: params.model, max_tokens: isAnswered ? 1 : 0, ...prime });
}

/** Of the first item that begins with the mark's blocks. @param bodies requests of a batch, without markers */
export function firstPrimeRequest(bodies: readonly string[], mark: CacheMark): string | null {
  for (const body of bodies) {
    const prime = primeRequest(body, mark);
    if (prime !== null) return prime;
  }
  return null;
}

/** What stands in for the document, when the prefix ends before the messages or with an answer. */
const emptyTurn = { role: 'user', content: '.' } as const;

function prefixOf(params: PromptParams, mark: CacheMark) {
  let left = mark.depth;
  const cut = (content: unknown): Readonly<Record<string, unknown>>[] => {
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : listOf(content);
    const taken = blocks.slice(0, left);
    const isLast = left > 0 && taken.length === left;
    left -= taken.length;
    return isLast ? [...taken.slice(0, -1), { ...taken.at(-1), cache_control: markerOf(mark) }] : taken;
  };
  const tools = cut(params.tools);
  const system = cut(params.system);
  const messages = listOf(params.messages).flatMap(message => {
    const content = cut(message.content);
    return content.length > 0 ? [{ ...message, content }] : [];
  });
  const isWhole = (messages.at(-1) as { role?: unknown } | undefined)?.role === 'user';
  return {
    ...(tools.length > 0 ? { tools } : {}),
    ...(system.length > 0 ? { system } : {}),
    messages: isWhole ? messages : [...messages, emptyTurn],
  };
}

/** What an entry that ends in this part depends on, beside its blocks. */
function kept(
  { inference_geo: geo, tool_choice: choice, thinking, output_config: config }: PromptParams,
  part: string,
) {
  const { format, effort } = (isObject(config) ? config : {}) as { format?: unknown; effort?: unknown };
  const output = {
    ...(part !== 'tools' && (format ?? null) !== null ? { format } : {}),
    ...(part === 'messages' && effort !== undefined ? { effort } : {}),
  };
  const messages = {
    ...(choice === undefined ? {} : { tool_choice: choice }),
    ...(thinking === undefined ? {} : { thinking }),
  };
  return {
    ...(geo === undefined ? {} : { inference_geo: geo }),
    ...(Object.keys(output).length > 0 ? { output_config: output } : {}),
    ...(part === 'messages' ? messages : {}),
  };
}

function keepsAnswering({ tool_choice: choice, output_config: config }: PromptParams, part: string): boolean {
  if (part === 'tools') return false;
  const hasFormat = isObject(config) && (config.format ?? null) !== null;
  const isForced = isObject(choice) && (choice.type === 'tool' || choice.type === 'any');
  return hasFormat || (part === 'messages' && isForced);
}

const isThinking = ({ thinking }: PromptParams): boolean => isObject(thinking) && thinking.type !== 'disabled';

/** Whether there are images invalidates all messages; a prime that lacked the only one would write another entry. */
function hasLaterImage({ tools, system, messages }: PromptParams, depth: number): boolean {
  const before = listOf(tools).length + (typeof system === 'string' ? 1 : listOf(system).length);
  const blocks = listOf(messages).flatMap(({ content }) =>
    typeof content === 'string' ? [{ type: 'text' }] : listOf(content),
  );
  const isImage = ({ type }: Readonly<Record<string, unknown>>): boolean => type === 'image';
  return blocks.some(isImage) && !blocks.slice(0, depth - before).some(isImage);
}
