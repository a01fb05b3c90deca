import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeSettled } from '#contracts/settled-codec.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { created, intent, released, sealed, settledOf } from '#test/support/journal-records.ts';
import { createRecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { TestFleet } from '#test/support/test-fleet.ts';
import { reconcileLoop } from './reconcile-loop.ts';

const minute = 60_000;
const account = 'main';

/** One batch, whose only line was lost: booked at 900. Nothing of it stands on the bill. */
async function setup() {
  const fleet = new TestFleet();
  const { follower } = await fleet.worker();
  const log = fleet.cluster.connect();
  const money = { [`account:${account}:money`]: 900, 'fleet:money': 900 };
  const value = encodeSettled({ ...settledOf('b', [], money), cost: 0 });
  await log.append({ topic: 'settled', partition: 0, records: [{ key: null, value, headers: {} }] });
  await fleet.append(sealed('b', { account }), intent('b', 1, money), created('b'), released('b', money));
  const asked: number[] = [];
  let isAway = false;
  const loop = reconcileLoop({
    log,
    clock: fleet.clock,
    telemetry: createRecordingTelemetry(),
    follower,
    timing: { skewMs: 2 * minute, scale: 1 },
    report: {
      read: async ({ to }) => {
        asked.push(to);
        if (isAway) throw new FlotillaError('provider-unavailable', { why: 'away' });
        return [];
      },
    },
    account,
    apiKeyIds: ['apikey_1'],
  });
  const forHours = async (hours: number) => {
    for (let round = 0; round < hours * 60; round++) {
      const done = loop.round(new AbortController().signal);
      await fleet.clock.advance(minute);
      await done;
      await follower.catchUpAll();
    }
  };
  const used = () => follower.view.used.get('fleet:money|total') ?? 0;
  return { fleet, asked, forHours, used, setAway: (away: boolean) => (isAway = away) };
}

describe('reconcileLoop', () => {
  it('compares once a day, as soon as the report is complete', async () => {
    const { fleet, asked, forHours, used } = await setup();
    await forHours(1);
    assert.deepEqual([asked.length, used()], [0, 900]);
    await forHours(25);
    assert.deepEqual([asked.length, used()], [1, 0]);
    assert.equal(fleet.journal('ADJUSTED').length, 1);
    await forHours(25);
    assert.equal(fleet.journal('ADJUSTED').length, 2);
  });

  it('keeps nobody from working when the provider does not answer, and asks again an hour later', async () => {
    const { asked, forHours, used, setAway } = await setup();
    setAway(true);
    await forHours(26);
    assert.deepEqual([asked.length, used()], [2, 900]);
    setAway(false);
    await forHours(1);
    assert.equal(used(), 0);
  });
});
