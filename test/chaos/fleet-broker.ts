import { setTimeout as sleep } from 'node:timers/promises';
import { createTimes } from './fleet-creates.ts';
import type { Scenario } from './fleet-run.ts';
import { noProviderFaults, workersOfSix } from './fleet-settings.ts';

/** Restarts first, then the outage. A short run has shares of its time for each. */
const restartEveryMaxMs = 20_000;
const restartShare = 0.3;
const outageMaxMs = 60_000;
const outageShare = 0.4;
/** `T_send`: an INTENT that was read back before the outage may still be sent. Whatever is later has none. */
const sendMs = 5_000;
const fullRateWithinMs = 30_000;

/** R8: the broker restarted in order again and again, and then gone for a minute. */
export const fleetBroker: Scenario = {
  name: 'fleet-broker',
  world: { workers: workersOfSix, faults: noProviderFaults, isProxied: false, brokerSessionTimeoutMs: 2_000 },
  async disturb(world, { untilOn, say }) {
    const runMs = untilOn - performance.now();
    const outageMs = Math.min(outageMaxMs, outageShare * runMs);
    const restartEveryMs = Math.min(restartEveryMaxMs, restartShare * runMs);
    const faultedOn: number[] = [];
    let restarts = 0;
    while (performance.now() + restartEveryMs < untilOn - outageMs) {
      await world.kafka.restart();
      faultedOn.push(performance.now());
      restarts += 1;
      say('broker restarted');
      await sleep(restartEveryMs);
    }
    await world.kafka.kill('SIGTERM');
    const goneAt = Date.now();
    say(`broker gone for ${(outageMs / 1_000).toFixed(0)} s`);
    await sleep(outageMs);
    const backAt = Date.now();
    await world.kafka.restart();
    faultedOn.push(performance.now());
    const during = (await createTimes(world)).filter(at => at > goneAt && at <= backAt).map(at => at - goneAt);
    const late = during.filter(ms => ms > sendMs);
    return {
      kills: 0,
      faultedOn,
      more: { restarts, outageMs: backAt - goneAt, createsWithinSendDeadline: during.length - late.length },
      violations:
        late.length > 0 ? [`${late.length} creates during the outage, the last after ${Math.max(...late)} ms`] : [],
    };
  },
  judge: ({ recoveredAfterMs }) =>
    recoveredAfterMs !== null && recoveredAfterMs <= fullRateWithinMs
      ? []
      : [`full rate after ${recoveredAfterMs ?? 'never'} ms, not ${fullRateWithinMs}`],
};
