import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { apiError } from '../machine/api-error.ts';
import { type BucketWidth, bucketWidths, type UsageBucket, type UsageResult } from '../machine/usage-report.ts';
import { ApiFailure } from './api-failure.ts';
import { requireVersion } from './authenticate.ts';
import type { HttpContext } from './http-context.ts';

const limits: Readonly<Record<BucketWidth, { usual: number; most: number }>> = {
  '1m': { usual: 60, most: 1_440 },
  '1h': { usual: 24, most: 168 },
  '1d': { usual: 7, most: 31 },
};

/** The usage report of the organisation. It takes keys of administrators only. */
export function addUsageRoutes(app: FastifyInstance, { machine, now }: HttpContext): void {
  app.get('/v1/organizations/usage_report/messages', (request: FastifyRequest) => {
    authenticateAdmin(request.headers);
    requireVersion(request.headers);
    const query = new URL(request.url, 'http://simulator').searchParams;
    const bucketWidth = widthOf(query.get('bucket_width') ?? '1d');
    const { usual, most } = limits[bucketWidth];
    const limit = Number(query.get('limit') ?? usual);
    if (!Number.isInteger(limit) || limit < 1 || limit > most) throw invalid(`limit: must be 1 to ${most}`);
    const startingAt = timeOf(query.get('page')?.replace(/^page_/, '') ?? query.get('starting_at'), 'starting_at');
    const endingAt = query.has('ending_at') ? timeOf(query.get('ending_at'), 'ending_at') : now();
    const [workspaceIds, apiKeyIds] = [query.getAll('workspace_ids[]'), query.getAll('api_key_ids[]')];
    const buckets = machine.usageReport({ now: now(), startingAt, endingAt, bucketWidth, workspaceIds, apiKeyIds });
    const shown = buckets.slice(0, limit);
    const next = buckets.length > limit ? (shown.at(-1)?.endingAt ?? null) : null;
    return {
      data: shown.map(bucket => wireBucket(bucket, new Set(query.getAll('group_by[]')))),
      has_more: next !== null,
      next_page: next === null ? null : `page_${new Date(next).toISOString()}`,
    };
  });
}

/** @throws ApiFailure 401 */
function authenticateAdmin(headers: IncomingHttpHeaders): void {
  if (String(headers['x-api-key'] ?? '').startsWith('sk-ant-admin')) return;
  throw new ApiFailure(apiError('authentication_error', 'invalid x-api-key: an Admin API key is required'));
}

const invalid = (message: string): ApiFailure => new ApiFailure(apiError('invalid_request_error', message));

function widthOf(text: string): BucketWidth {
  if (text in bucketWidths) return text as BucketWidth;
  throw invalid('bucket_width: must be 1m, 1h or 1d');
}

function timeOf(text: string | null, name: string): number {
  const at = Date.parse(text ?? '');
  if (Number.isNaN(at)) throw invalid(`${name}: must be an RFC 3339 time`);
  return at;
}

/** What is not grouped by is summed, and null. */
function wireBucket({ startingAt, endingAt, results }: UsageBucket, groups: ReadonlySet<string>) {
  const sums = new Map<string, WireResult>();
  for (const result of results) {
    const wire = wireResult(result, groups);
    const key = JSON.stringify(Object.values(namesOf(result, groups)));
    const before = sums.get(key);
    sums.set(key, before ? addWire(before, wire) : wire);
  }
  return {
    starting_at: new Date(startingAt).toISOString(),
    ending_at: new Date(endingAt).toISOString(),
    results: [...sums.values()],
  };
}

function namesOf(result: UsageResult, groups: ReadonlySet<string>) {
  const grouped = <Name>(by: string, name: Name): Name | null => (groups.has(by) ? name : null);
  return {
    api_key_id: grouped('api_key_id', result.apiKeyId),
    workspace_id: grouped('workspace_id', result.workspaceId),
    model: grouped('model', result.model),
    service_tier: grouped('service_tier', result.serviceTier),
    context_window: null,
    inference_geo: grouped('inference_geo', result.inferenceGeo),
  };
}

const wireResult = (result: UsageResult, groups: ReadonlySet<string>) => ({
  uncached_input_tokens: result.uncachedInputTokens,
  cache_creation: {
    ephemeral_1h_input_tokens: result.cacheWrite1hTokens,
    ephemeral_5m_input_tokens: result.cacheWrite5mTokens,
  },
  cache_read_input_tokens: result.cacheReadTokens,
  output_tokens: result.outputTokens,
  server_tool_use: { web_search_requests: 0 },
  ...namesOf(result, groups),
});

type WireResult = ReturnType<typeof wireResult>;

const addWire = (a: WireResult, b: WireResult): WireResult => ({
  ...a,
  uncached_input_tokens: a.uncached_input_tokens + b.uncached_input_tokens,
  cache_creation: {
    ephemeral_1h_input_tokens: a.cache_creation.ephemeral_1h_input_tokens + b.cache_creation.ephemeral_1h_input_tokens,
    ephemeral_5m_input_tokens: a.cache_creation.ephemeral_5m_input_tokens + b.cache_creation.ephemeral_5m_input_tokens,
  },
  cache_read_input_tokens: a.cache_read_input_tokens + b.cache_read_input_tokens,
  output_tokens: a.output_tokens + b.output_tokens,
});
