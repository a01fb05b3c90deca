import { FlotillaError } from '#errors/flotilla-error.ts';
import type { UsageQuery, UsageReport } from '#ports/usage-report.ts';
import type { SimulatorMachine } from './machine/simulator-machine.ts';
import type { UsageResult } from './machine/usage-report.ts';

export interface SimulatedUsageReportOptions {
  machine: SimulatorMachine;
  /** The provider's clock, ms since the epoch. */
  now: () => number;
  isDown?: () => boolean;
}

/** The simulator's usage report as the port, without HTTP, for virtual time. */
export const createSimulatedUsageReport = ({ machine, now, isDown }: SimulatedUsageReportOptions): UsageReport => ({
  async read({ from, to, whose }: UsageQuery) {
    if (isDown?.()) {
      throw new FlotillaError('provider-unavailable', { why: 'connection refused', isRetryable: true });
    }
    const [workspaceIds, apiKeyIds] = 'apiKeyIds' in whose ? [[], whose.apiKeyIds] : [[whose.workspaceId], []];
    const query = { startingAt: from, endingAt: to, bucketWidth: '1m', workspaceIds, apiKeyIds } as const;
    return machine
      .usageReport({ now: now(), ...query })
      .flatMap(({ startingAt, results }) => results.map(result => ({ at: startingAt, ...summed(result) })));
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
