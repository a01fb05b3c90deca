import { FlotillaError } from '#errors/flotilla-error.ts';
import type { UsageQuery, UsageReport } from '#ports/usage-report.ts';
import type { UsageBucket, UsageReportQuery, UsageResult } from './machine/usage-report.ts';

export interface SimulatedUsageReportOptions {
  /** Of a machine, or of an invoice that was kept. */
  buckets: (query: UsageReportQuery) => UsageBucket[];
  isDown?: () => boolean;
}

/** The simulator's usage report as the port, without HTTP, for virtual time. */
export const createSimulatedUsageReport = ({ buckets, isDown }: SimulatedUsageReportOptions): UsageReport => ({
  async read({ from, to, whose }: UsageQuery) {
    if (isDown?.()) {
      throw new FlotillaError('provider-unavailable', { why: 'connection refused', isRetryable: true });
    }
    const [workspaceIds, apiKeyIds] = 'apiKeyIds' in whose ? [[], whose.apiKeyIds] : [[whose.workspaceId], []];
    const query = { startingAt: from, endingAt: to, bucketWidth: '1m', workspaceIds, apiKeyIds } as const;
    return buckets(query).flatMap(({ startingAt, results }) =>
      results.map(result => ({ at: startingAt, ...summed(result) })),
    );
  },
});

const summed = (result: UsageResult) => ({
  model: result.model,
  tier: result.serviceTier,
  isUsOnly: result.inferenceGeo === 'us',
  usage: {
    input: result.uncachedInputTokens,
    output: result.outputTokens,
    cacheRead: result.cacheReadTokens,
    cacheWrite5m: result.cacheWrite5mTokens,
    cacheWrite1h: result.cacheWrite1hTokens,
  },
});
