import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from './fleet-run.ts';
import { providerFaults, workersOfSix } from './fleet-settings.ts';
import type { FleetWorker } from './fleet-worker.ts';
import type { FleetWorld } from './fleet-world.ts';

/** One kill: at a crash point when a life has just ended there, else at random, and then the next life is to end at one. */
const everyMs = 5_000;
/** A crash point that is not reached in this time is given up, and the process killed all the same. */
const armedWithinMs = 15_000;
const ratioMin = 0.6;

/** R5: processes killed with SIGKILL, half of them at named crash points, while documents keep coming. */
export const fleetKill: Scenario = {
  name: 'fleet-kill',
  world: { workers: workersOfSix, faults: providerFaults, isProxied: false, brokerSessionTimeoutMs: 6_000 },
  async disturb(world, { untilOn, say }) {
    let [kills, givenUp] = [0, 0];
    const namedKills = (): number => [...world.namedDeaths.values()].reduce((sum, count) => sum + count, 0);
    world.armsAgain.isWanted = () => namedKills() < kills;
    for (let due = 1, dueOn = performance.now(); dueOn < untilOn; due += 1, dueOn += everyMs) {
      await sleep(Math.max(0, dueOn - performance.now()));
      // Faster than the fleet finds together again, kills would hit processes that do nothing.
      if (kills + namedKills() >= due) continue;
      const late = world.workers.find(({ isArmed, ageMs }) => isArmed && ageMs > armedWithinMs);
      if (late) givenUp += 1;
      const worker = late ?? victimOf(world);
      await worker.killThenArm();
      kills += 1;
      say(`${worker.name} killed; ${kills} at random, ${namedKills()} at crash points`);
    }
    await sleep(Math.max(0, untilOn - performance.now()));
    world.armsAgain.isWanted = () => false;
    // What has not met its crash point by now would meet it when the faults are over.
    for (const late of world.workers.filter(({ isArmed }) => isArmed)) {
      await late.kill();
      kills += 1;
    }
    return { kills, faultedOn: [], more: { givenUp }, violations: [] };
  },
  judge({ kills, seconds, ratio, named }) {
    const wanted = Math.floor((seconds * 1_000) / everyMs);
    return [
      ...(kills < wanted ? [`${kills} kills in ${seconds} s, not ${wanted}`] : []),
      ...(named < kills / 3 ? [`only ${named} of ${kills} kills at crash points`] : []),
      ...(ratio < ratioMin ? [`${ratio} of the faultless rate, not ${ratioMin}`] : []),
    ];
  },
};

/** One that has lived for a while and has no crash point to come; else any. */
export function victimOf({ workers, random }: FleetWorld): FleetWorker {
  const unarmed = workers.filter(({ isArmed }) => !isArmed);
  const choice = unarmed.length > 0 ? unarmed : workers;
  return choice[Math.floor(random() * choice.length)] as FleetWorker;
}
