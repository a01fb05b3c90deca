import { FlotillaError } from '#errors/flotilla-error.ts';
import { reconcile } from '#runtime/reconcile.ts';
import { createSimulatedUsageReport } from '#services/simulator/simulated-usage-report.ts';
import type { Broker } from './broker.ts';
import { accountName, type ProviderWorld } from './provider-world.ts';
import { simulationTiming } from './settings.ts';
import { epoch, type World } from './world.ts';

/** The key of the workers; whoever else is in their workspace has another. */
const apiKeyIds = ['apikey_main'];
const reportedWithinMs = 5_000;

const adjustEveryMs = 60_000;

/** While everything is under way too: mostly there is no quiet moment then, and where there is, it has to be one. */
export function scheduleAdjusting(parts: { world: World; broker: Broker; provider: ProviderWorld }): void {
  const { time, setting } = parts.world;
  for (let at = adjustEveryMs; at < setting.faultsEndAt + setting.patienceMs; at += adjustEveryMs) {
    time.at(at, () => void adjustBooks(parts));
  }
}

/**
 * Holds the books against the provider's usage report, as two processes that do it at the same time.
 * @param laterMs as if it were done so much later
 */
export async function adjustBooks(
  { world, broker, provider }: { world: World; broker: Broker; provider: ProviderWorld },
  { laterMs = 0 } = {},
): Promise<void> {
  const report = createSimulatedUsageReport({
    buckets: query => provider.machine.usageReport({ now: provider.now + laterMs, ...query }),
  });
  const once = () =>
    reconcile({
      log: broker.cluster.connect(),
      clock: { now: () => epoch + world.time.now + laterMs },
      report,
      account: accountName,
      apiKeyIds,
      skewMs: simulationTiming.skewMs,
      reportedWithinMs,
    }).catch(asClockOff);
  broker.clockOffsetMs += laterMs;
  for (const { is } of await Promise.all([once(), once()])) world.hit(`books ${is}`);
  broker.clockOffsetMs -= laterMs;
}

/** Somebody has set the log's clock back, and it refuses what is said to be of a later moment. */
function asClockOff(error: unknown): { is: 'clock-off' } {
  if (error instanceof FlotillaError && error.code === 'clock-off') return { is: 'clock-off' };
  throw error;
}
