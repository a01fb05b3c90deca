import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fleetBroker } from './fleet-broker.ts';
import { fleetBrokerKill } from './fleet-broker-kill.ts';
import { fleetFreeze } from './fleet-freeze.ts';
import { fleetKill } from './fleet-kill.ts';
import { fleetProxy } from './fleet-proxy.ts';
import { fleetRedis } from './fleet-redis.ts';
import type { FleetReport } from './fleet-report.ts';
import { fleetRoll } from './fleet-roll.ts';
import { runFleetScenario, type Scenario } from './fleet-run.ts';
import { workersOfThree } from './fleet-settings.ts';

/**
 * The long runs of `npm run chaos -- fleet-…` in short, with half of the processes: too short for figures of speed, long
 * enough to lose or to buy twice.
 */
function runShort(scenario: Scenario, seconds: number): Promise<FleetReport> {
  const { judge: _, ...unjudged } = scenario;
  return runFleetScenario(
    { ...unjudged, world: { ...scenario.world, workers: workersOfThree } },
    { seconds, faultlessSeconds: 2, recoverySeconds: 0, perSecond: 100, seed: 7 },
  );
}

function assertWell(report: FleetReport): void {
  assert.deepEqual(report.violations, []);
  assert.ok(report.answered > 300, `only ${report.answered} documents were answered`);
}

describe('a fleet on real servers, short', () => {
  it('R5: survives kill -9 of its processes, at random and at crash points', async () => {
    const report = await runShort(fleetKill, 15);
    assertWell(report);
    assert.ok(report.kills >= 3, `only ${report.kills} kills`);
  });

  it('R6: survives processes that stand still and go on', async () => {
    const report = await runShort(fleetFreeze, 14);
    assertWell(report);
    assert.ok(Number(report.more.freezes) >= 1);
  });

  it('R7: survives Redis killed, cut and emptied', async () => {
    const report = await runShort(fleetRedis, 15);
    assertWell(report);
    assert.ok(Number(report.more.redisKills) >= 1);
  });

  it('R8: survives a broker that is gone, and creates nothing meanwhile', async () => {
    const report = await runShort(fleetBroker, 15);
    assertWell(report);
    assert.ok(Number(report.more.restarts) >= 1);
    assert.ok(Number(report.more.outageMs) >= 5_000);
  });

  it('R8: survives kill -9 of the broker', async () => {
    const report = await runShort(fleetBrokerKill, 10);
    assertWell(report);
    assert.ok(Number(report.more.brokerKills) >= 1);
  });

  it('survives the network between it and broker, Redis and provider', async () => {
    const report = await runShort(fleetProxy, 15);
    assertWell(report);
    assert.ok(Number(report.more.networks) >= 2);
  });

  it('R16: is restarted one by one without an ambiguous create', async () => {
    const report = await runShort(fleetRoll, 10);
    assertWell(report);
    assert.ok(Number(report.more.drains) >= 3);
  });
});
