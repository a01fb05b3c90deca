import { setTimeout as sleep } from 'node:timers/promises';
import { runFlotilla } from '#test/support/spawn-flotilla.ts';
import { hangingPartitions } from './fleet-hanging.ts';
import type { Scenario } from './fleet-run.ts';
import { traceCopies } from './fleet-segments.ts';
import { noProviderFaults, workersOfSix } from './fleet-settings.ts';
import type { FleetWorld } from './fleet-world.ts';

const everyMs = 30_000;
/** Down for so long at most: a supervisor starts it again. */
const downMaxMs = 3_000;

/**
 * R8: the broker killed with SIGKILL under load. Kafka itself may then commit records of an old producer epoch or leave a
 * transaction open for ever (protocol §1): copies are counted and traced, and what hangs is named.
 */
export const fleetBrokerKill: Scenario = {
  name: 'fleet-broker-kill',
  world: { workers: workersOfSix, faults: noProviderFaults, isProxied: false, brokerSessionTimeoutMs: 6_000 },
  mayCopyRaw: true,
  async disturb({ kafka, random }, { untilOn, say }) {
    const faultedOn: number[] = [];
    // The first one comes soon: a short run has one.
    await sleep(1_000 + random() * 4_000);
    while (performance.now() < untilOn) {
      await kafka.kill('SIGKILL');
      await sleep(random() * downMaxMs);
      await kafka.restart();
      faultedOn.push(performance.now());
      say('broker killed and back');
      await sleep(Math.max(0, Math.min(everyMs, untilOn - performance.now())));
    }
    return {
      kills: faultedOn.length,
      faultedOn: faultedOn.slice(-1),
      more: { brokerKills: faultedOn.length },
      violations: [],
    };
  },
  async lookAfter(world) {
    const hanging = await hangingPartitions(world);
    const said = hanging.length > 0 ? await doctorSays(world) : '';
    const copies = traceCopies(world);
    const untraced = copies.filter(({ producers }) => producers.some(producer => producer === null));
    return {
      more: { hanging, copies: copies.slice(0, 20) },
      standsStill: hanging.length > 0,
      violations: [
        ...untraced.map(({ rid }) => `a copy of ${rid} is in no record batch of the segments`),
        ...hanging
          .map(({ topic, partition, offset }) => `${topic} partition ${partition} offset ${offset}`)
          .filter(place => !said.includes(place))
          .map(place => `nobody reads beyond ${place}, and flotilla doctor does not say so`),
      ],
    };
  },
};

/** What an operator reads whose readers stand still. */
async function doctorSays({ folder, env }: FleetWorld): Promise<string> {
  const { stdout, stderr } = await runFlotilla({ args: ['doctor'], cwd: folder, env });
  return stdout + stderr;
}
