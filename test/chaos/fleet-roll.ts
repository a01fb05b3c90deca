import { setTimeout as sleep } from 'node:timers/promises';
import { FleetJournal } from './fleet-journal.ts';
import type { Scenario } from './fleet-run.ts';
import { noProviderFaults, workersOfSix } from './fleet-settings.ts';

const drainWithinMs = 10_000;
/** Between one worker and the next: it is there again before the next one goes. */
const pauseMs = 3_000;

/** R16: every worker ended in order and started again, one after the other, while documents keep coming. */
export const fleetRoll: Scenario = {
  name: 'fleet-roll',
  world: { workers: workersOfSix, faults: noProviderFaults, isProxied: false, brokerSessionTimeoutMs: 2_000 },
  async disturb(world, { untilOn, say }) {
    const violations: string[] = [];
    const journal = new FleetJournal({ kafka: world.client, topic: world.topic('journal') });
    await journal.start();
    let [drains, slowestMs, ambiguous] = [0, 0, 0];
    for (let index = 0; performance.now() < untilOn || drains < world.workers.length; index++) {
      const worker = world.workers[index % world.workers.length];
      if (!worker) break;
      const { code, signal, tookMs } = await worker.drain();
      // Its process is gone: what became of a create that it had under way, now only a look can tell.
      const left = await journal.openIntents(worker.name, Date.now());
      drains += 1;
      slowestMs = Math.max(slowestMs, Math.round(tookMs));
      ambiguous += left.length;
      say(`${worker.name} ended with ${signal ?? code} after ${tookMs.toFixed(0)} ms, ${left.length} intents open`);
      if (!isOrderly(code)) violations.push(`${worker.name} ended with ${signal ?? code}`);
      if (tookMs > drainWithinMs) violations.push(`${worker.name} took ${tookMs.toFixed(0)} ms to end`);
      if (left.length > 0) violations.push(`${worker.name} left ${left.length} intents open: ${left.join(' ')}`);
      await sleep(pauseMs);
    }
    await journal.stop();
    return { kills: 0, faultedOn: [], more: { drains, slowestDrainMs: slowestMs, ambiguous }, violations };
  },
};

/** 143 says that SIGTERM was what it ended for. */
const isOrderly = (code: number | null): boolean => code === 0 || code === 143;
