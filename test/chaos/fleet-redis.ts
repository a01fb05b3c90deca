import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from './fleet-run.ts';
import { providerFaults, workersOfSix } from './fleet-settings.ts';

const everyMs = 15_000;
const cutMaxBytes = 256 * 1024;
const flushes = 5;
/** Down for so long, so that what is written meanwhile meets a Redis that is not there. */
const downMs = 1_000;
const fullRateWithinMs = 30_000;

/** R7: Redis killed with SIGKILL and the tail of its append-only file cut, and emptied while it runs. */
export const fleetRedis: Scenario = {
  name: 'fleet-redis',
  world: { workers: workersOfSix, faults: providerFaults, isProxied: false, brokerSessionTimeoutMs: 6_000 },
  async disturb(world, { untilOn, say }) {
    const startedOn = performance.now();
    const faultedOn: number[] = [];
    const flushEveryMs = (untilOn - startedOn) / (flushes + 1);
    let [kills, cutBytes, flushed] = [0, 0, 0];
    while (performance.now() < untilOn) {
      const bytes = Math.floor(world.random() * (cutMaxBytes + 1));
      await world.redis.kill('SIGKILL');
      world.redis.cutTail(bytes);
      faultedOn.push(performance.now());
      await sleep(downMs);
      await world.redis.restart();
      [kills, cutBytes] = [kills + 1, cutBytes + bytes];
      say(`Redis killed, ${bytes} bytes of its tail cut`);
      const nextOn = Math.min(untilOn, (faultedOn.at(-1) ?? 0) + everyMs);
      if (flushed < flushes && performance.now() - startedOn > (flushed + 1) * flushEveryMs) {
        await sleep(world.random() * Math.max(0, nextOn - performance.now()));
        await world.redis.flush();
        faultedOn.push(performance.now());
        flushed += 1;
        say('Redis emptied');
      }
      await sleep(Math.max(0, nextOn - performance.now()));
    }
    return { kills, faultedOn, more: { redisKills: kills, cutBytes, flushed }, violations: [] };
  },
  judge: ({ recoveredAfterMs }) =>
    recoveredAfterMs !== null && recoveredAfterMs <= fullRateWithinMs
      ? []
      : [`full rate after ${recoveredAfterMs ?? 'never'} ms, not ${fullRateWithinMs}`],
};
