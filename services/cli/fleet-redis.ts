import { type OpenRedisOptions, openRedis, type RedisConnection } from '#adapters/redis/open-redis.ts';
import { openRedisHints } from '#adapters/redis/open-redis-hints.ts';
import { parseWorkerHint, type WorkerHint, workerHintPrefix } from '#contracts/worker-hint.ts';
import type { FleetSettings } from '#runtime/config/fleet-settings.ts';

/** A fleet's Redis. The password is revealed here and nowhere else. @throws FlotillaError queue-unavailable | redis-unfit | invalid-config */
export const openFleetRedis = (
  { redis: { url, caFile } }: FleetSettings,
  options: Omit<OpenRedisOptions, 'url' | 'caFile'>,
): Promise<RedisConnection> => openRedis({ ...options, url: url.reveal(), ...(caFile === null ? {} : { caFile }) });

/** As the queue counts them: a submit that is taken leads to one create at most. */
export const submitRatesOf = ({
  redis: { submitRates },
}: FleetSettings): Record<string, { jobsMax: number; durationMs: number }> =>
  Object.fromEntries(
    Object.entries(submitRates).map(([account, { creates, everyMs }]) => [
      account,
      { jobsMax: creates, durationMs: everyMs },
    ]),
  );

/** Who says there that he works. */
export async function workersAt(redis: RedisConnection, { topicPrefix }: FleetSettings): Promise<WorkerHint[]> {
  const found = await openRedisHints({ redis, prefix: topicPrefix }).list(workerHintPrefix);
  return found.flatMap(({ value }) => parseWorkerHint(value) ?? []);
}
