import { createTelemetry } from '#adapters/pino/create-telemetry.ts';
import { systemClock } from '#adapters/system/system-clock.ts';
import { createProducer, type Producer } from '#client/create-producer.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Clock } from '#ports/clock.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { type FleetLog, openFleetLog } from './fleet-log.ts';

/** Stands where a producer has no Redis: it is never connected to. */
const unusedRedis = { 'redis.url': 'redis://127.0.0.1' };

/** The settings of whoever only publishes: a fleet needs Redis, a producer does not. */
export async function settingsOfProducer(
  load: (flags: Readonly<Record<string, unknown>>) => Promise<LoadedConfig>,
): Promise<LoadedConfig> {
  try {
    return await load({});
  } catch (error) {
    const isWithoutRedis = error instanceof FlotillaError && error.where === 'redis.url';
    if (isWithoutRedis) return load(unusedRedis);
    throw error;
  }
}

/** The log of a fleet for whoever only publishes: it makes no topics, so that a prefix that was mistyped shows. */
export function openLogOfProducer(settings: LoadedConfig): Promise<{ log: FleetLog; clock: Clock }> {
  const telemetry = createTelemetry({ level: 'silent', path: null, process: 'producer' });
  const opening = openFleetLog(settings, { telemetry, clientId: 'flotilla-producer', isReader: true });
  return opening.then(log => ({ log, clock: systemClock }));
}

/** @throws FlotillaError invalid-config | topic-unfit | log-forbidden | log-unavailable */
export async function openFleetProducer(settings: LoadedConfig): Promise<Producer> {
  const { log, clock } = await openLogOfProducer(settings);
  const producer = createProducer({ log, clock });
  return {
    ...producer,
    async close() {
      await producer.close();
      await log.close();
    },
  };
}
