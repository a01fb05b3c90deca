import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ResultLine } from '#ports/batch-provider.ts';
import { answered, errored } from '#test/support/scripted-provider.ts';
import { asIsLine, round, TestFleet, type TestWorker, taskLine } from '#test/support/test-fleet.ts';

const cut = (customId: string): ResultLine => {
  const line = answered(customId, 'half of');
  return line.type === 'succeeded' ? { ...line, answer: { ...line.answer, finish: 'truncated' } } : line;
};

const documents = [
  ['of a task', taskLine('d')],
  ['as it is', asIsLine('d')],
] as const;

/** One document whose tries end so, in order. */
async function setup(value: string, ends: ((customId: string) => ResultLine)[]): Promise<TestFleet> {
  const fleet = new TestFleet({ lane: { itemsMax: 1 } });
  await fleet.enqueue(1, { value });
  for (const end of ends) await playTry(fleet, await fleet.worker(), end);
  return fleet;
}

/** Each try is another worker's, who finds no payload: what it sends is built from document and recipe alone. */
async function playTry(fleet: TestFleet, worker: TestWorker, end: (customId: string) => ResultLine): Promise<void> {
  await worker.accumulator.runOnce();
  await worker.sweeper.runOnce();
  await worker.accumulator.runOnce();
  const bk = fleet.journal('SEALED').at(-1)?.bk ?? '';
  await fleet.payloads.delete(bk);
  const other = await fleet.worker();
  await round(other);
  for (const batch of fleet.provider.batches)
    if (batch.endedAt === null) fleet.provider.end(batch, ids => ids.map(end));
  await fleet.clock.advance(5_000);
  await round(other);
  await fleet.clock.advance(200_000);
}

const maxTokensAsked = (fleet: TestFleet): unknown[] =>
  fleet.provider.posts.map(({ items }) => (JSON.parse(items[0]?.body ?? '{}') as { max_tokens: number }).max_tokens);

const reserves = (fleet: TestFleet): number[] =>
  fleet.journal('INTENT').map(({ reserve }) => reserve['fleet:money'] ?? 0);

describe('Answers that were cut', () => {
  for (const [what, value] of documents) {
    it(`${what}: asked for once more with the cap raised, reserved for, and the answer says so`, async () => {
      const fleet = await setup(value, [cut, answered]);
      assert.deepEqual(maxTokensAsked(fleet), [100, 200]);
      const [first = 0, second = 0] = reserves(fleet);
      assert.ok(second > first, `${second} is reserved after ${first}`);
      const [result] = fleet.read<{ outcome: string; attempts: number; raised_max_tokens?: number }>('results');
      assert.deepEqual([result?.outcome, result?.attempts, result?.raised_max_tokens], ['succeeded', 2, 200]);
    });

    it(`${what}: cut again, it is a dead letter, and no third try is bought`, async () => {
      const fleet = await setup(value, [cut, cut]);
      await fleet.settleDown(await fleet.worker());
      assert.deepEqual(maxTokensAsked(fleet), [100, 200]);
      assert.deepEqual(
        fleet.deadLetters().map(({ cause, attempts }) => [cause, attempts]),
        [['truncated', 2]],
      );
      fleet.assertAnsweredOnce(1);
    });

    it(`${what}: the cap stays raised when the second try fails for another reason`, async () => {
      const fleet = await setup(value, [cut, id => errored(id), answered]);
      assert.deepEqual(maxTokensAsked(fleet), [100, 200, 200]);
      fleet.assertAnsweredOnce(1);
    });
  }

  it('what was not cut is asked for as before', async () => {
    const fleet = await setup(taskLine('d'), [id => errored(id), answered]);
    assert.deepEqual(maxTokensAsked(fleet), [100, 100]);
    assert.equal(
      fleet.read<object>('results').some(result => 'raised_max_tokens' in result),
      false,
    );
  });
});
