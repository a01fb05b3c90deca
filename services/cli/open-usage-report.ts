import { createAnthropicUsageReport } from '#adapters/anthropic/create-anthropic-usage-report.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { UsageReport } from '#ports/usage-report.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';

/**
 * The report of the configured account; where answers were simulated, that of the invoice in their folder.
 * @throws FlotillaError invalid-config without an admin key
 */
export async function openUsageReport(
  { config: { providers } }: LoadedConfig,
  simulatedFolder: string | null,
): Promise<UsageReport> {
  if (simulatedFolder !== null) return simulatedReport(simulatedFolder);
  const { adminKey, baseUrl } = providers.anthropic;
  if (adminKey === null) {
    throw new FlotillaError('invalid-config', {
      where: 'providers.anthropic.adminKey',
      why: 'the usage report is given to admin keys alone, and none is configured',
      fix: 'export ANTHROPIC_ADMIN_KEY, or ANTHROPIC_ADMIN_KEY_FILE (Console, Admin keys)',
    });
  }
  return createAnthropicUsageReport({
    adminKey: adminKey.reveal(),
    ...(baseUrl === undefined ? {} : { baseUrl }),
  });
}

async function simulatedReport(directory: string): Promise<UsageReport> {
  const { createSimulatedUsageReport } = await import('#services/simulator/simulated-usage-report.ts');
  const { usageBuckets } = await import('#services/simulator/machine/usage-report.ts');
  const { createSqliteStore } = await import('#services/simulator/store/sqlite-store.ts');
  return createSimulatedUsageReport({
    buckets: query => {
      const store = createSqliteStore(directory);
      try {
        return usageBuckets(store.invoiceRows(0, Number.MAX_SAFE_INTEGER), query);
      } finally {
        store.close();
      }
    },
  });
}
