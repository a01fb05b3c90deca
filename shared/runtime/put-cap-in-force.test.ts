import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MoneyCap } from '#core/caps/cap-scopes.ts';
import { TestFleet } from '#test/support/test-fleet.ts';
import { putCapInForce, putCapsInForce } from './put-cap-in-force.ts';

const day = (scope: string, limit: number): MoneyCap => ({ scope, period: 'day', limit });

async function setup() {
  const fleet = new TestFleet();
  const { follower } = await fleet.worker();
  const inForce = (): [string, number][] =>
    [...follower.view.caps].filter(([key]) => !key.startsWith('account:')).sort(([a], [b]) => (a < b ? -1 : 1));
  return { fleet, follower, inForce };
}

describe('caps of a configuration', () => {
  it('are appended where they differ from those in force, and what left is lifted', async () => {
    const { fleet, follower, inForce } = await setup();
    await putCapsInForce(follower, [day('fleet:money', 5), day('task:a:money', 3)]);
    await putCapsInForce(follower, [day('fleet:money', 5), day('task:b:money', 3)]);
    assert.deepEqual(inForce(), [
      ['fleet:money|day', 5],
      ['task:b:money|day', 3],
    ]);
    const records = fleet.journal('CAP').filter(({ scope }) => !scope.startsWith('account:'));
    assert.deepEqual(
      records.map(({ scope, limit }) => [scope, limit]),
      [
        ['fleet:money', 5],
        ['task:a:money', 3],
        ['task:a:money', null],
        ['task:b:money', 3],
      ],
    );
  });

  it('an empty list lifts them all, and leaves those of runs and accounts', async () => {
    const { follower, inForce } = await setup();
    await putCapInForce(follower, { scope: 'run:tenant:a:money', period: 'total', limit: 9 });
    await putCapsInForce(follower, [day('tenant:run|day:money', 5), day('fleet:money', 1)]);
    await putCapsInForce(follower, []);
    assert.deepEqual(inForce(), [['run:tenant:a:money|total', 9]]);
  });
});
