import { answerForSchema } from './answer-for-schema.ts';
import { cutAtTokens, estimateTokens } from './estimate-tokens.ts';
import { documentText, type MessageParams, promptText } from './message-params.ts';

export interface ComposedAnswer {
  content: AnswerBlock[];
  stopReason: 'end_turn' | 'max_tokens' | 'refusal' | 'tool_use';
  outputTokens: number;
}

export type AnswerBlock =
  | { type: 'text'; text: string }
  | { type: 'tool_use'; id: string; name: string; input: unknown };

/** How an answer is spoilt, if it is: what real models do to a share of their items. */
export type AnswerSpoil = 'none' | 'refusal' | 'truncated' | 'invalid-output';

export interface ComposeOptions {
  params: MessageParams;
  spoil: AnswerSpoil;
  toolUseId: string;
}

/** What the model says: a pure function of the request and of how it is spoilt. */
export function composeAnswer({ params, spoil, toolUseId }: ComposeOptions): ComposedAnswer {
  if (spoil === 'refusal') return { content: [], stopReason: 'refusal', outputTokens: 1 };
  if (params.max_tokens === 0) return { content: [], stopReason: 'max_tokens', outputTokens: 0 };
  const forced = forcedTool(params);
  if (forced && spoil === 'none') return toolAnswer(params, forced, toolUseId);
  return textAnswer(params, spoil);
}

function textAnswer(params: MessageParams, spoil: AnswerSpoil): ComposedAnswer {
  const whole = spoil === 'invalid-output' ? 'Here is what you asked for: {"answer": ' : answerText(params);
  const outputTokens = Math.max(1, estimateTokens(whole));
  const limit = spoil === 'truncated' ? Math.min(params.max_tokens, Math.ceil(outputTokens / 2)) : params.max_tokens;
  if (outputTokens <= limit && spoil !== 'truncated') {
    return { content: [{ type: 'text', text: whole }], stopReason: 'end_turn', outputTokens };
  }
  return {
    content: [{ type: 'text', text: cutAtTokens(whole, limit) }],
    stopReason: 'max_tokens',
    outputTokens: limit,
  };
}

function answerText(params: MessageParams): string {
  const ordered = orderedFields(promptText(params));
  const text = documentText(params);
  const format = params.output_config?.format;
  if (format) return JSON.stringify(answerForSchema({ schema: format.schema, text, ordered }));
  const words = text.slice(0, 2_000).toWellFormed().split(/\s+/).filter(Boolean);
  const opening = words.slice(0, 12).join(' ').slice(0, 160).toWellFormed();
  const codes = [...ordered].map(([field, code]) => ` ${field}: ${code}.`).join('');
  return `The document has ${words.length} words and begins: ${opening || '(nothing)'}.${codes}`;
}

function toolAnswer(params: MessageParams, name: string, id: string): ComposedAnswer {
  const schema = params.tools?.find(tool => tool.name === name)?.input_schema ?? { type: 'object' };
  const ordered = orderedFields(promptText(params));
  const input = answerForSchema({ schema, text: documentText(params), ordered });
  const outputTokens = Math.max(1, estimateTokens(JSON.stringify(input)));
  if (outputTokens > params.max_tokens)
    return { content: [], stopReason: 'max_tokens', outputTokens: params.max_tokens };
  return { content: [{ type: 'tool_use', id, name, input }], stopReason: 'tool_use', outputTokens };
}

function forcedTool(params: MessageParams): string | undefined {
  const choice = params.tool_choice;
  if (choice?.type === 'tool') return choice.name;
  return choice?.type === 'any' ? params.tools?.[0]?.name : undefined;
}

const orderPattern = /copy the code\s+["'`]?([\w.:-]*\w)["'`]?\s+into the field\s+["'`]?(\w+)/gi;

/** `Copy the code X into the field F`, as a model would obey it: an answer proves which request it was made for. */
function orderedFields(prompt: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [, code, field] of prompt.matchAll(orderPattern)) fields.set(field as string, code as string);
  return fields;
}
