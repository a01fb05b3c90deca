import type { Redis } from 'ioredis';
import type { AnswerPolicyName } from '#core/answer-cache/answer-policy.ts';
import type { AnswerSpace } from '#ports/answer-store.ts';

/** Names of what a task's answers are kept in. The braces keep them on one node of a cluster. */
export interface AnswerKeys {
  value(key: string): string;
  /** `s3-fifo`: what is new, by the time it came. */
  small: string;
  /** `s3-fifo`: what has proven itself, by the time it did. `lru-10`: all, by the time of their last use. */
  main: string;
  /** `s3-fifo`: uses since a key came or was passed over. */
  uses: string;
  /** `s3-fifo`: names of what went after one use, by the time they did. */
  ghosts: string;
  counts: string;
  /** Which policy was picked last. */
  policy: string;
}

export function answerKeys(prefix: string, task: string): AnswerKeys {
  const base = `{${prefix}:answers:${task}}`;
  const named = (part: string): string => `${base}:${part}`;
  return {
    value: key => named(`value:${key}`),
    small: named('small'),
    main: named('main'),
    uses: named('uses'),
    ghosts: named('ghosts'),
    counts: named('counts'),
    policy: named('policy'),
  };
}

export interface Eviction {
  space: AnswerSpace & { policy: AnswerPolicyName };
  names: AnswerKeys;
  now: number;
}

/** The same as in `core/answer-cache/s3-fifo.ts`. */
const smallShare = 0.1;
const usesMax = 3;
const usesToProve = 2;
/** Turns of the main queue in one `put`: what is over the bound after them goes whatever its uses are. */
const turnsMax = usesMax + 1;

/** Tells the policy that these were asked for and found. */
export async function noteUses(client: Redis, { space, names, now }: Eviction, keys: readonly string[]): Promise<void> {
  const uses = client.pipeline();
  for (const key of keys) {
    if (space.policy === 's3-fifo') uses.zincrby(names.uses, 1, key);
    else uses.zadd(names.main, 'XX', 'GT', now, key);
  }
  await uses.exec();
}

/** Lets go of as much as these keys need, and puts their names. */
export async function makeRoom(client: Redis, eviction: Eviction, keys: readonly string[]): Promise<void> {
  const { space, names, now } = eviction;
  const [small, main] = await Promise.all([client.zcard(names.small), client.zcard(names.main)]);
  const over = small + main + keys.length - space.entriesMax;
  if (over > 0) await (space.policy === 'lru-10' ? dropTenth : dropUnused)(client, eviction, { over, small });
  const known = space.policy === 's3-fifo' ? await client.zmscore(names.ghosts, ...keys) : [];
  const put = client.multi();
  for (const [index, key] of keys.entries()) {
    const isProven = space.policy === 'lru-10' || known[index] !== null;
    put.zrem(isProven ? names.small : names.main, key);
    put.zadd(isProven ? names.main : names.small, now, key);
  }
  put.zrem(names.ghosts, ...keys);
  put.zremrangebyrank(names.ghosts, 0, -space.entriesMax - 1);
  put.zremrangebyrank(names.uses, 0, -2 * space.entriesMax - 1);
  for (const name of [names.small, names.main, names.uses, names.ghosts]) put.pexpire(name, space.ttlMs);
  await put.exec();
}

interface Excess {
  over: number;
  small: number;
}

async function dropTenth(client: Redis, { space, names }: Eviction, { over, small }: Excess): Promise<void> {
  const count = Math.max(over, Math.ceil(space.entriesMax / 10));
  const fromSmall = small > 0 ? await popOldest(client, names.small, count) : []; // left by the other policy
  const fromMain = fromSmall.length < count ? await popOldest(client, names.main, count - fromSmall.length) : [];
  await drop(client, names, [...fromSmall, ...fromMain]);
}

/** First what is new and was not asked for again, then what is proven and was not asked for since it was passed over. */
async function dropUnused(client: Redis, { space, names, now }: Eviction, { over, small }: Excess): Promise<void> {
  let left = over;
  const tooNew = Math.min(small, Math.max(0, small + over - Math.max(1, Math.floor(space.entriesMax * smallShare))));
  if (tooNew > 0) {
    const { used, unused } = await byUses(client, names, await popOldest(client, names.small, tooNew), usesToProve);
    await moveOn(client, names, { keys: used, now, by: -usesMax });
    await drop(client, names, unused);
    if (unused.length > 0) await client.zadd(names.ghosts, ...unused.flatMap(key => [now, key]));
    left -= unused.length;
  }
  for (let turn = 1; left > 0; turn++) {
    const popped = await popOldest(client, names.main, left);
    if (popped.length === 0) break;
    const { used, unused } = await byUses(client, names, popped, 1);
    const going = turn < turnsMax ? unused : popped;
    if (turn < turnsMax) await moveOn(client, names, { keys: used, now, by: -1 });
    await drop(client, names, going);
    left -= going.length;
  }
  if (left > 0) await drop(client, names, await popOldest(client, names.small, left));
}

async function popOldest(client: Redis, name: string, count: number): Promise<string[]> {
  const popped = await client.zpopmin(name, count);
  return popped.filter((_, index) => index % 2 === 0);
}

async function byUses(
  client: Redis,
  { uses }: AnswerKeys,
  keys: readonly string[],
  usesMin: number,
): Promise<{ used: string[]; unused: string[] }> {
  const counts = keys.length === 0 ? [] : await client.zmscore(uses, ...keys);
  const isUsed = (index: number): boolean => Number(counts[index] ?? 0) >= usesMin;
  return { used: keys.filter((_, index) => isUsed(index)), unused: keys.filter((_, index) => !isUsed(index)) };
}

/** To the end of the main queue, with fewer uses: those beyond three are not told apart. */
async function moveOn(
  client: Redis,
  names: AnswerKeys,
  { keys, now, by }: { keys: readonly string[]; now: number; by: number },
): Promise<void> {
  if (keys.length === 0) return;
  const counts = await client.zmscore(names.uses, ...keys);
  const moved = client.pipeline();
  for (const [index, key] of keys.entries()) {
    moved.zadd(names.main, now, key);
    const uses = Math.max(0, Math.min(usesMax, Number(counts[index] ?? 0)) + by);
    if (uses === 0) moved.zrem(names.uses, key);
    else moved.zadd(names.uses, uses, key);
  }
  await moved.exec();
}

async function drop(client: Redis, names: AnswerKeys, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const dropped = client.pipeline();
  for (const key of keys) dropped.unlink(names.value(key));
  dropped.zrem(names.uses, ...keys);
  await dropped.exec();
}
