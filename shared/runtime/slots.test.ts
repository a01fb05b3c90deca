import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Slots } from './slots.ts';

describe('Slots', () => {
  it('lets so many run at once, and the others in the order they came, also after one that failed', async () => {
    const slots = new Slots(2);
    const gates = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
    const started: number[] = [];
    const runs = gates.map(({ promise }, index) =>
      slots.run(() => {
        started.push(index);
        return promise;
      }),
    );
    assert.deepEqual(started, [0, 1]);
    gates[1]!.reject(new Error('failed'));
    await assert.rejects(runs[1]!);
    assert.deepEqual(started, [0, 1, 2]);
    gates[2]!.resolve(2);
    gates[0]!.resolve(0);
    assert.deepEqual(await Promise.all([runs[0], runs[2]]), [0, 2]);
    assert.deepEqual(started, [0, 1, 2, 3, 4]);
    gates[3]!.resolve(3);
    gates[4]!.resolve(4);
    await Promise.all([runs[3], runs[4]]);
    assert.equal(await slots.run(async () => 'again'), 'again');
  });
});
