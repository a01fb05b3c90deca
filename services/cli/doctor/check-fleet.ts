import type { View } from '#core/view.ts';
import type { FleetSettings } from '#runtime/config/fleet-settings.ts';
import { insecureFault } from '#runtime/config/insecure-fault.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { type Check, failedBy } from './check.ts';
import { checkKafka } from './check-kafka.ts';
import { checkRedis } from './check-redis.ts';

export interface FleetChecks {
  checks: Check[];
  /** Null when the log could not be read. */
  view: View | null;
}

/** Kafka with its topics and readers, Redis with its settings, and who works on them. Changes nothing. */
export async function checkFleet(settings: LoadedConfig, fleet: FleetSettings): Promise<FleetChecks> {
  const insecure = insecureFault(fleet);
  if (insecure) return { checks: [failedBy('fleet', insecure)], view: null };
  const redis = await checkRedis(fleet);
  const kafka = await checkKafka(settings, { workers: redis.workers });
  return { checks: [...kafka.checks, ...redis.checks], view: kafka.view };
}
