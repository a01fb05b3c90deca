import { type ApiError, apiError } from './api-error.ts';

/** One request of a batch as stored: the params are JSON text, so that what was sent is what is executed. */
export interface BatchItem {
  customId: string;
  params: string;
}

export type ValidEnvelope = { status: 'valid'; items: BatchItem[] } | { status: 'invalid'; error: ApiError };

const customIdPattern = /^[a-zA-Z0-9_-]{1,64}$/;

/** Shape of a create body. Params are looked at when the batch is processed; ids and limits by the machine. */
export function validateEnvelope(body: unknown): ValidEnvelope {
  if (!isObject(body)) return invalid('Input should be an object');
  for (const field of Object.keys(body)) {
    if (field !== 'requests') return invalid(`${field}: Extra inputs are not permitted`);
  }
  if (body.requests === undefined) return invalid('requests: Field required');
  if (!Array.isArray(body.requests)) return invalid('requests: Input should be a valid list');
  const items: BatchItem[] = [];
  for (const [index, request] of body.requests.entries()) {
    const problem = requestProblem(request);
    if (problem !== null) return invalid(`requests.${index}${problem}`);
    const params = textOf(request.params);
    if (params === null) return invalid(`requests.${index}.params: nested too deeply`);
    items.push({ customId: request.custom_id, params });
  }
  return { status: 'valid', items };
}

export interface ItemLimits {
  requestsMax: number;
  bytesMax: number;
}

/** Rules over the whole list: not empty, ids well formed and unique. */
export function itemsProblem(items: readonly BatchItem[]): ApiError | null {
  if (items.length === 0) return apiError('invalid_request_error', 'requests: List should have at least 1 item');
  const seen = new Set<string>();
  for (const [index, { customId }] of items.entries()) {
    const where = `requests.${index}.custom_id`;
    if (!customIdPattern.test(customId)) {
      return apiError('invalid_request_error', `${where}: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'`);
    }
    if (seen.has(customId)) return apiError('invalid_request_error', `${where}: custom_id must be unique: ${customId}`);
    seen.add(customId);
  }
  return null;
}

export function limitProblem(items: readonly BatchItem[], { requestsMax, bytesMax }: ItemLimits): ApiError | null {
  if (items.length > requestsMax) {
    return apiError('invalid_request_error', `requests: List should have at most ${requestsMax} items`);
  }
  let bytes = 0;
  for (const { params, customId } of items) bytes += params.length + customId.length + 30;
  return bytes > bytesMax ? apiError('request_too_large', 'Request exceeds the maximum size') : null;
}

function requestProblem(request: unknown): string | null {
  if (!isObject(request)) return ': Input should be an object';
  for (const field of Object.keys(request)) {
    if (field !== 'custom_id' && field !== 'params') return `.${field}: Extra inputs are not permitted`;
  }
  if (request.custom_id === undefined) return '.custom_id: Field required';
  if (typeof request.custom_id !== 'string') return '.custom_id: Input should be a valid string';
  if (request.params === undefined) return '.params: Field required';
  return isObject(request.params) ? null : '.params: Input should be an object';
}

/** Null when it nests more deeply than the stack is. */
function textOf(params: unknown): string | null {
  try {
    return JSON.stringify(params);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function invalid(message: string): ValidEnvelope {
  return { status: 'invalid', error: apiError('invalid_request_error', message) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
