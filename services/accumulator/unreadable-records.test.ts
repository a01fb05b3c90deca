import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headerNames } from '#core/headers.ts';
import { TestFleet } from '#test/support/test-fleet.ts';

describe('K6 records whose compressed batch the log could not unpack', () => {
  it('are dead letters that say so, and everything around them is answered', async () => {
    const fleet = new TestFleet();
    const worker = await fleet.worker();
    await fleet.enqueue(2, { prefix: 'before' });
    for (const why of ['too-large', 'damaged'])
      await fleet.enqueue(1, { value: '', headers: { [headerNames.unreadable]: why } });
    await fleet.enqueue(2, { prefix: 'after' });
    await fleet.settleDown(worker);
    fleet.assertAnsweredOnce(6);
    const outcomes = fleet.results().map(({ rid, outcome, cause }) => [rid, outcome, cause ?? null]);
    assert.deepEqual(outcomes.sort(), [
      ['0/0', 'succeeded', null],
      ['0/1', 'succeeded', null],
      ['0/2', 'rejected', 'batch-unpacks-too-large'],
      ['0/3', 'rejected', 'record-unreadable'],
      ['0/4', 'succeeded', null],
      ['0/5', 'succeeded', null],
    ]);
    assert.deepEqual(
      fleet
        .deadLetters()
        .map(({ cause }) => cause)
        .sort(),
      ['batch-unpacks-too-large', 'record-unreadable'],
    );
  });

  it('cannot be made of a record that has bytes: whoever sets the header is answered as without it', async () => {
    const fleet = new TestFleet();
    const worker = await fleet.worker();
    await fleet.enqueue(1, { headers: { [headerNames.unreadable]: 'damaged' } });
    await fleet.settleDown(worker);
    assert.deepEqual(
      fleet.results().map(({ outcome }) => outcome),
      ['succeeded'],
    );
  });
});
