import { isLoopback } from '#contracts/is-loopback.ts';
import type { SummedUsage } from '#core/reconcile/reported-usage.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { UsageOwner, UsageReport } from '#ports/usage-report.ts';
import { type AnthropicAccount, type AnthropicProviderOptions, openAnthropicAccount } from './anthropic-account.ts';
import { readUsagePage, type UsagePage } from './read-usage-page.ts';
import { type JsonQuery, requestJson } from './request-json.ts';
import { toReadError } from './to-read-error.ts';
import { bucketMs, bucketsPerPage, type UsageSpan, usageSpans } from './usage-spans.ts';

export interface AnthropicUsageReportOptions extends Omit<AnthropicProviderOptions, 'apiKey' | 'keyVariable'> {
  /** `sk-ant-admin…`: a key of a workspace is refused. */
  adminKey: string;
}

const path = '/v1/organizations/usage_report/messages';
/** As the reference of this endpoint has it: the client would send the key as a bearer, and a version of its own. */
const adminHeaders = { 'anthropic-version': '2023-06-01', authorization: null };
/** Ten years of days, hours and minutes; more is a provider that does not come to an end. */
const pagesMax = 500;

/**
 * Anthropic's Usage and Cost Admin API behind the port. The admin key is in none of its properties, errors or messages.
 * @throws FlotillaError invalid-config for a key or base URL that cannot be used
 */
export function createAnthropicUsageReport({ adminKey, ...options }: AnthropicUsageReportOptions): UsageReport {
  const account = openAnthropicAccount({ ...options, apiKey: adminKey, keyVariable: 'ANTHROPIC_ADMIN_KEY' });
  assertPrivate(account.baseUrl);
  return {
    async read({ from, to, whose }) {
      const summed: SummedUsage[] = [];
      let pages = 0;
      for (const span of usageSpans(from, to)) {
        for (let page: string | null | undefined; page !== null; ) {
          pages += 1;
          if (pages > pagesMax) throw endless(account);
          const read = await readPage(account, queryOf(span, whose, page));
          summed.push(...read.summed.filter(({ at }) => at >= span.from && at < span.to));
          page = read.nextPage;
        }
      }
      return summed;
    },
  };
}

async function readPage(account: AnthropicAccount, query: JsonQuery): Promise<UsagePage> {
  try {
    const headers = { ...adminHeaders, 'x-api-key': account.apiKey };
    const { value } = await requestJson(account, { method: 'get', path, query, headers });
    return readUsagePage(value);
  } catch (error) {
    throw toReadError(error, { account, where: `GET ${path}` });
  }
}

function queryOf({ width, from, to }: UsageSpan, whose: UsageOwner, page: string | undefined): JsonQuery {
  return {
    starting_at: timeOf(from),
    // The last bucket ends there; whether it is still given is said in two ways, so one more is asked for, and left out.
    ending_at: timeOf(to + bucketMs[width]),
    bucket_width: width,
    limit: bucketsPerPage[width],
    group_by: ['model', 'service_tier', 'inference_geo'],
    service_tiers: ['batch', 'standard'],
    ...('apiKeyIds' in whose ? { api_key_ids: whose.apiKeyIds } : { workspace_ids: [whose.workspaceId] }),
    ...(page === undefined ? {} : { page }),
  };
}

/** RFC 3339, without parts of a second. */
const timeOf = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');

/** It may read, and change, everything of an organisation. */
function assertPrivate(baseUrl: string): void {
  const { protocol, hostname } = new URL(baseUrl);
  if (protocol === 'https:' || isLoopback(hostname)) return;
  throw new FlotillaError('invalid-config', {
    where: 'base URL of the anthropic account',
    why: 'an admin key is sent in the clear to no other host than this one',
    fix: 'use https in ANTHROPIC_BASE_URL, or leave out ANTHROPIC_ADMIN_KEY',
  });
}

const endless = ({ baseUrl }: AnthropicAccount): FlotillaError =>
  new FlotillaError('provider-unavailable', {
    where: `GET ${path} at ${baseUrl}`,
    why: `the report has more than ${pagesMax} pages`,
  });
