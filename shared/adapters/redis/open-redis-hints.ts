import { type Hint, type Hints, hintBytesMax } from '#ports/hints.ts';
import type { RedisConnection } from './open-redis.ts';
import { toRedisError } from './to-redis-error.ts';

/** Names of hints whose values are gone leave the index after this. */
const indexSlackMs = 3_600_000;

/**
 * Each hint is a value with a time to live; a sorted set of their names (by the end of that time) makes them found without
 * walking through every key of the server. Values decide whether a hint is there, so clocks that differ do no harm.
 */
export function openRedisHints(options: {
  redis: Pick<RedisConnection, 'client' | 'shownUrl'>;
  /** Fleets may share a server. */
  prefix: string;
  /** Ms since the epoch. */
  now?: () => number;
}): Hints {
  const { redis, prefix, now = Date.now } = options;
  const { client } = redis;
  const index = `{${prefix}}:hints`;
  const keyOf = (name: string): string => `{${prefix}}:hint:${name}`;
  return {
    async put(name, value, ttlMs) {
      const json = JSON.stringify(value) ?? 'null';
      if (Buffer.byteLength(json) > hintBytesMax) return;
      await client
        .multi()
        .set(keyOf(name), json, 'PX', ttlMs)
        .zadd(index, now() + ttlMs, name)
        .zremrangebyscore(index, '-inf', `${now() - indexSlackMs}`)
        .pexpire(index, ttlMs + indexSlackMs)
        .exec()
        .catch(() => {});
    },
    async list(wanted) {
      try {
        const names = (await client.zrange(index, 0, '-1')).filter(name => name.startsWith(wanted)).sort();
        if (names.length === 0) return [];
        const values = await client.mget(names.map(keyOf));
        return names.flatMap((name, at) => parse(name, values[at] ?? null));
      } catch (error) {
        throw toRedisError(error, redis.shownUrl);
      }
    },
  };
}

/** What is no JSON was not put by us. */
function parse(name: string, json: string | null): Hint | [] {
  if (json === null) return [];
  try {
    return { name, value: JSON.parse(json) as unknown };
  } catch {
    return [];
  }
}
