import { type AnswerPolicyName, answerPolicies, answerPolicyDefault } from '#core/answer-cache/answer-policy.ts';
import { type AnswerPlace, type AnswerSpace, type AnswerStore, noAnswerCounts } from '#ports/answer-store.ts';
import { answerKeys, makeRoom, noteUses } from './answer-eviction.ts';
import type { RedisConnection } from './open-redis.ts';
import { toRedisError } from './to-redis-error.ts';

/** It is said again by the next process that sees keys. */
const policyKeptMs = 7 * 86_400_000;

/**
 * Places of answers for a fleet. Each is a value with a time to live, so what is forgotten half-way goes by itself; sorted sets
 * beside them say what goes first. No scripts: every command is bounded, and what two processes do at the same time costs an
 * entry at most. Nothing here rejects but `stats`: a server that is away finds nothing and keeps nothing.
 */
export function openRedisAnswerStore(options: {
  redis: Pick<RedisConnection, 'client' | 'memory' | 'shownUrl'>;
  /** Fleets may share a server. */
  prefix: string;
  /** Ms since the epoch: only an order. */
  now?: () => number;
}): AnswerStore {
  const { redis, prefix, now = Date.now } = options;
  const { client, memory } = redis;
  /** What this process has said already, by task. */
  const said = new Map<string, AnswerPolicyName>();
  const policyOf = async ({ task, ttlMs, policy }: AnswerSpace): Promise<AnswerPolicyName> => {
    const { policy: name } = answerKeys(prefix, task);
    if (policy === null) {
      const last = await client.get(name);
      return answerPolicies.find(each => each === last) ?? answerPolicyDefault;
    }
    if (said.get(task) !== policy) await client.set(name, policy, 'PX', Math.max(ttlMs, policyKeptMs));
    said.set(task, policy);
    return policy;
  };
  return {
    async find(space, keys, { isUse }) {
      if (keys.length === 0) return [];
      const names = answerKeys(prefix, space.task);
      const texts = await client.mget(keys.map(names.value)).catch(() => null);
      const places = keys.map((_, index) => parsePlace(texts?.[index] ?? null));
      const found = keys.filter((_, index) => places[index] !== null);
      if (!isUse || found.length === 0) return places;
      try {
        const policy = await policyOf(space);
        await noteUses(client, { space: { ...space, policy }, names, now: now() }, found);
      } catch {
        // a use that nobody knows of only makes what stays a little worse
      }
      return places;
    },
    async put(space, all) {
      const entries = all.slice(-space.entriesMax);
      if (entries.length === 0 || !memory.hasRoomForPayloads()) return;
      const names = answerKeys(prefix, space.task);
      try {
        // The names first: a value that no set knows would only go by its time.
        const policy = await policyOf(space);
        await makeRoom(client, { space: { ...space, policy }, names, now: now() }, [
          ...new Set(entries.map(({ key }) => key)),
        ]);
        const values = client.pipeline();
        for (const { key, place } of entries) values.set(names.value(key), JSON.stringify(place), 'PX', space.ttlMs);
        await values.exec();
      } catch {
        // a cache: what cannot be written is bought again
      }
    },
    async count(task, counts) {
      const named = Object.entries(counts).filter(([, by]) => by !== 0);
      if (named.length === 0) return;
      const added = client.pipeline();
      for (const [name, by] of named) added.hincrby(answerKeys(prefix, task).counts, name, by);
      await added.exec().catch(() => {});
    },
    async stats(task) {
      const names = answerKeys(prefix, task);
      try {
        const counted = await client.hgetall(names.counts);
        const size = (await client.zcard(names.small)) + (await client.zcard(names.main));
        const counts = Object.keys(noAnswerCounts).map(name => [name, Number(counted[name] ?? 0)]);
        return { ...noAnswerCounts, ...Object.fromEntries(counts), size };
      } catch (error) {
        throw toRedisError(error, redis.shownUrl);
      }
    },
  };
}

/** What is no place was not put by us. */
function parsePlace(text: string | null): AnswerPlace | null {
  if (text === null) return null;
  try {
    const place = JSON.parse(text) as Partial<AnswerPlace>;
    return typeof place.partition === 'number' && typeof place.from === 'number' && place.rid
      ? (place as AnswerPlace)
      : null;
  } catch {
    return null;
  }
}
