import { type ApiError, apiError } from './api-error.ts';
import type { CacheControl, ContentBlock, MessageParams } from './message-params.ts';
import { findModel, type SimulatedModel } from './models.ts';

export const apiVersions = ['2023-06-01', '2026-10-21'] as const;
export type ApiVersion = (typeof apiVersions)[number];

export type ValidParams =
  | { status: 'valid'; params: MessageParams; model: SimulatedModel }
  | { status: 'invalid'; error: ApiError };

export interface ValidateOptions {
  params: unknown;
  version: ApiVersion;
  /** A batch refuses what only a synchronous call may have: streaming, `max_tokens: 0`. */
  isBatch: boolean;
}

const samplingFields = ['temperature', 'top_p', 'top_k'] as const;
const batchOnlyRefusals = ['speed', 'store', 'previous_thread_event_id', 'cache_hint', 'context_hint'] as const;
const breakpointsMax = 4;

/**
 * What the provider says about the params of one message. In a batch this runs while the batch is processed and makes
 * `errored` lines; a synchronous call is refused with it.
 */
export function validateParams({ params, version, isBatch }: ValidateOptions): ValidParams {
  if (!isObject(params)) return invalid('params: Input should be an object');
  const problem =
    shapeProblem(params) ??
    (isBatch ? batchProblem(params) : synchronousProblem(params)) ??
    versionProblem(params, version) ??
    markerProblem(params as unknown as MessageParams) ??
    outputProblem(params as unknown as MessageParams);
  if (problem !== null) return invalid(problem);
  const model = findModel(params.model as string);
  if (!model) return { status: 'invalid', error: apiError('not_found_error', `model: ${params.model}`) };
  const choice = (params as unknown as MessageParams).tool_choice?.type;
  if (model.refusesForcedTool && (choice === 'tool' || choice === 'any')) {
    return invalid('tool_choice: forced tool use is not supported by this model');
  }
  return { status: 'valid', params: params as unknown as MessageParams, model };
}

function shapeProblem(params: Record<string, unknown>): string | null {
  if (params.model === undefined) return 'model: Field required';
  if (typeof params.model !== 'string') return 'model: Input should be a valid string';
  if (params.model === '') return 'model: String should have at least 1 character';
  if (params.max_tokens === undefined) return 'max_tokens: Field required';
  if (!Number.isInteger(params.max_tokens)) return 'max_tokens: Input should be a valid integer';
  if (params.messages === undefined) return 'messages: Field required';
  if (!Array.isArray(params.messages)) return 'messages: Input should be a valid list';
  if (params.messages.length === 0) return 'messages: at least one message is required';
  for (const [index, message] of params.messages.entries()) {
    const problem = messageProblem(message);
    if (problem !== null) return `messages.${index}${problem}`;
  }
  if (params.system !== undefined && typeof params.system !== 'string' && !isBlocks(params.system)) {
    return 'system: Input should be a valid list';
  }
  if (params.tools !== undefined && !isList(params.tools, tool => isObject(tool) && typeof tool.name === 'string')) {
    return 'tools: Input should be a valid list';
  }
  return null;
}

function messageProblem(message: unknown): string | null {
  if (!isObject(message)) return ': Input should be an object';
  if (message.role !== 'user' && message.role !== 'assistant') return ".role: Input should be 'user' or 'assistant'";
  if (message.content === undefined) return '.content: Field required';
  if (typeof message.content === 'string') {
    return message.content === '' && message.role === 'user' ? ': user messages must have non-empty content' : null;
  }
  if (!isBlocks(message.content)) return '.content: Input should be a valid list';
  return message.content.length === 0 ? ': messages must have non-empty content' : null;
}

function batchProblem(params: Record<string, unknown>): string | null {
  if ((params.max_tokens as number) < 1) return 'max_tokens: Input should be greater than or equal to 1';
  if (params.stream === true) return 'stream: streaming is not supported in a batch';
  for (const field of batchOnlyRefusals) {
    if (params[field] !== undefined) return `${field}: Extra inputs are not permitted`;
  }
  return null;
}

/** `max_tokens: 0` only warms the cache; it fits no call that wants an answer of some form. */
function synchronousProblem(params: Record<string, unknown>): string | null {
  const call = params as unknown as MessageParams;
  if (call.max_tokens < 0) return 'max_tokens: Input should be greater than or equal to 0';
  if (call.max_tokens > 0) return null;
  const isForced = call.tool_choice?.type === 'tool' || call.tool_choice?.type === 'any';
  const isThinking = call.thinking !== undefined && call.thinking.type !== 'disabled';
  return call.stream || isThinking || call.output_config?.format || isForced
    ? 'max_tokens: 0 cannot be combined with stream, thinking, an output format or a forced tool choice'
    : null;
}

function versionProblem(params: Record<string, unknown>, version: ApiVersion): string | null {
  if (version === '2023-06-01') return null;
  for (const field of samplingFields) {
    if (params[field] !== undefined) return `${field}: Extra inputs are not permitted`;
  }
  for (const [index, message] of (params as unknown as MessageParams).messages.entries()) {
    if (typeof message.content === 'string') continue;
    for (const [position, block] of message.content.entries()) {
      const where = `messages.${index}.content.${position}`;
      if (message.role === 'assistant' && block.type === 'document') return `${where}: document is not permitted here`;
      if (message.role === 'user' && block.type === 'text' && isList(block.citations) && block.citations.length > 0) {
        return `${where}.citations: Extra inputs are not permitted`;
      }
    }
  }
  return null;
}

function markerProblem(params: MessageParams): string | null {
  const markers = cacheMarkers(params);
  for (const marker of markers) {
    if (!isObject(marker) || marker.type !== 'ephemeral') return "cache_control.type: Input should be 'ephemeral'";
    if (marker.ttl !== undefined && marker.ttl !== '5m' && marker.ttl !== '1h')
      return "cache_control.ttl: Input should be '5m' or '1h'";
  }
  const total = markers.length + (params.cache_control ? 1 : 0);
  if (total > breakpointsMax) return `A maximum of 4 blocks with cache_control may be provided. Found ${total}.`;
  const firstShort = markers.findIndex(marker => (marker.ttl ?? '5m') === '5m');
  const isLongLater = firstShort >= 0 && markers.slice(firstShort).some(marker => marker.ttl === '1h');
  return isLongLater ? "cache_control.ttl: a ttl='1h' block must not come after a ttl='5m' block" : null;
}

/** Explicit markers in the order of the prefix: tools, system, messages. */
function cacheMarkers(params: MessageParams): CacheControl[] {
  const blocks: { cache_control?: CacheControl }[] = [...(params.tools ?? [])];
  if (Array.isArray(params.system)) blocks.push(...params.system);
  for (const message of params.messages) if (Array.isArray(message.content)) blocks.push(...message.content);
  return blocks.flatMap(block => (block.cache_control ? [block.cache_control] : []));
}

function outputProblem(params: MessageParams): string | null {
  const config: unknown = params.output_config;
  if (config === undefined) return null;
  if (!isObject(config)) return 'output_config: Input should be an object';
  if (config.format === undefined || config.format === null) return null;
  if (!isObject(config.format)) return 'output_config.format: Input should be an object';
  if (config.format.type !== 'json_schema') return "output_config.format.type: Input should be 'json_schema'";
  if (!isObject(config.format.schema)) return 'output_config.format.schema: Field required';
  return closedObjectProblem(config.format.schema, 0);
}

/** The provider's subset wants `additionalProperties: false` on every object. */
function closedObjectProblem(schema: unknown, depth: number): string | null {
  if (depth > 32) return 'output_config.format.schema: nested too deeply';
  if (Array.isArray(schema)) return firstProblem(schema, depth);
  if (!isObject(schema)) return null;
  if (schema.type === 'object' && schema.additionalProperties !== false) {
    return "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false";
  }
  const named = [schema.properties, schema.$defs, schema.definitions].filter(isObject).flatMap(Object.values);
  return firstProblem([...named, schema.items, schema.anyOf, schema.allOf, schema.oneOf], depth);
}

function firstProblem(schemas: unknown[], depth: number): string | null {
  for (const schema of schemas) {
    const problem = closedObjectProblem(schema, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

function invalid(message: string): ValidParams {
  return { status: 'invalid', error: apiError('invalid_request_error', message) };
}

function isBlocks(value: unknown): value is ContentBlock[] {
  return isList(value, block => isObject(block) && typeof block.type === 'string');
}

function isList(value: unknown, accepts: (element: unknown) => boolean = () => true): value is unknown[] {
  return Array.isArray(value) && value.every(accepts);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
