import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createAnthropicUsageReport } from '#adapters/anthropic/create-anthropic-usage-report.ts';
import { type BilledCall, columnsOf, describeUsageReport, type UsageReportHarness } from './usage-report.ts';

const widths = { '1m': 60_000, '1h': 3_600_000, '1d': 86_400_000 } as const;
/** Fewer than the provider's, so that everything has several pages; what is asked for is never more than it allows. */
const bucketsPerPage = 3;
const bucketsMax = { '1m': 1_440, '1h': 168, '1d': 31 } as const;

type Fault = Parameters<UsageReportHarness['failReads']>[0];

describeUsageReport('anthropic, against a local server', async (): Promise<UsageReportHarness> => {
  const calls: BilledCall[] = [];
  let fault: Fault = null;
  const server = createServer((request, response) => answer(request, response, { calls, fault }));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    report: createAnthropicUsageReport({ adminKey: 'sk-ant-admin01-x', baseUrl: `http://127.0.0.1:${port}` }),
    bill: (...more) => void calls.push(...more),
    failReads: next => {
      fault = next;
    },
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
});

function answer(
  { url, headers }: IncomingMessage,
  response: ServerResponse,
  { calls, fault }: { calls: readonly BilledCall[]; fault: Fault },
): void {
  const { pathname, searchParams } = new URL(url ?? '', 'http://local');
  const isAdmin = String(headers['x-api-key']).startsWith('sk-ant-admin') && headers['anthropic-version'];
  if (fault === 'unavailable') {
    // The SDK repeats reads; told not to, the test need not wait for it.
    response.writeHead(502, { 'content-type': 'text/html', 'x-should-retry': 'false' }).end('<html>502</html>');
  } else if (fault === 'auth' || !isAdmin || pathname !== '/v1/organizations/usage_report/messages') {
    const error = { type: 'authentication_error', message: 'invalid x-api-key' };
    response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ type: 'error', error }));
  } else {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(pageOf(searchParams, calls)));
  }
}

/** As the provider's reference says it: buckets snapped to their width, pages by an opaque token. */
function pageOf(query: URLSearchParams, calls: readonly BilledCall[]) {
  const width = query.get('bucket_width') as keyof typeof widths;
  if (Number(query.get('limit')) > bucketsMax[width]) throw new Error('more buckets than the provider allows');
  if (query.getAll('group_by[]').join() !== 'model,service_tier,inference_geo') throw new Error('not grouped');
  const ms = widths[width];
  const from = Date.parse(query.get('page') ?? query.get('starting_at') ?? '');
  const to = Date.parse(query.get('ending_at') ?? '');
  const starts: number[] = [];
  for (let at = Math.floor(from / ms) * ms; at + ms < to; at += ms) starts.push(at);
  const shown = starts.slice(0, bucketsPerPage);
  const next = starts[bucketsPerPage];
  return {
    data: shown.map(at => ({
      starting_at: new Date(at).toISOString(),
      ending_at: new Date(at + ms).toISOString(),
      results: calls.filter(call => call.at >= at && call.at < at + ms && isAsked(call, query)).map(resultOf),
    })),
    has_more: next !== undefined,
    next_page: next === undefined ? null : new Date(next).toISOString(),
  };
}

/** Without the filter of tiers, as a provider that does not know it: the adapter must not depend on it. */
function isAsked({ apiKeyId, workspaceId }: BilledCall, query: URLSearchParams): boolean {
  const [keys, workspaces] = [query.getAll('api_key_ids[]'), query.getAll('workspace_ids[]')];
  return (
    (keys.length === 0 || keys.includes(apiKeyId)) && (workspaces.length === 0 || workspaces.includes(workspaceId))
  );
}

function resultOf({ model, tier, isUsOnly = false, input }: BilledCall) {
  const usage = columnsOf(input);
  return {
    uncached_input_tokens: usage.input,
    output_tokens: usage.output,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite5m, ephemeral_1h_input_tokens: usage.cacheWrite1h },
    server_tool_use: { web_search_requests: 0 },
    api_key_id: null,
    workspace_id: null,
    model,
    service_tier: tier,
    context_window: null,
    inference_geo: isUsOnly ? 'us' : 'global',
  };
}

describe('anthropic usage report', () => {
  it('never says the admin key', async () => {
    const report = createAnthropicUsageReport({ adminKey: 'sk-ant-admin01-secret', baseUrl: 'http://127.0.0.1:9' });
    assert.doesNotMatch(inspect(report), /secret/);
    const query = { from: 0, to: 60_000, whose: { workspaceId: 'w' } };
    await assert.rejects(report.read(query), error => !inspect(error).includes('secret'));
  });
});
