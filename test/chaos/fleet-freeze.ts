import { setTimeout as sleep } from 'node:timers/promises';
import { victimOf } from './fleet-kill.ts';
import type { Scenario } from './fleet-run.ts';
import { providerFaults, workersOfSix } from './fleet-settings.ts';
import type { FleetWorker } from './fleet-worker.ts';

const everyMs = 5_000;
const frozenMinMs = 5_000;
const frozenMaxMs = 60_000;
/** A crash point that is not reached in this time is given up. */
const withinMs = 15_000;

/** R6: processes that stand still for 5 to 60 s, every second one at a crash point, and then go on with what they knew. */
export const fleetFreeze: Scenario = {
  name: 'fleet-freeze',
  world: { workers: workersOfSix, faults: providerFaults, isProxied: false, brokerSessionTimeoutMs: 6_000 },
  async disturb(world, { untilOn, say }) {
    const frozen = new Set<FleetWorker>();
    const [labels, under] = [new Map<string, number>(), [] as Promise<void>[]];
    const ending = new AbortController();
    let random = 0;
    const freeze = async (worker: FleetWorker, isNamed: boolean): Promise<void> => {
      const forMs = frozenMinMs + world.random() ** 2 * (frozenMaxMs - frozenMinMs);
      if (isNamed) {
        const label = await worker.freezeAtPoint(forMs, { withinMs, signal: ending.signal });
        if (label) labels.set(label, (labels.get(label) ?? 0) + 1);
      } else {
        random += 1;
        await worker.freeze(forMs, ending.signal);
      }
      say(`${worker.name} has thawed after up to ${(forMs / 1_000).toFixed(0)} s`);
    };
    for (let count = 0; performance.now() < untilOn; count++) {
      // Half of them go on, or there would be nothing to look at.
      if (frozen.size < world.workers.length / 2) {
        const awake = world.workers.filter(worker => !frozen.has(worker));
        const worker = victimOf({ ...world, workers: awake });
        frozen.add(worker);
        under.push(freeze(worker, count % 2 === 1).finally(() => frozen.delete(worker)));
      }
      await sleep(Math.min(everyMs, Math.max(0, untilOn - performance.now())));
    }
    ending.abort();
    await Promise.all(under);
    const named = [...labels.values()].reduce((sum, count) => sum + count, 0);
    const more = { freezes: random + named, atCrashPoints: named, byFrozenPoint: Object.fromEntries(labels) };
    return { kills: 0, faultedOn: [], more, violations: [] };
  },
};
