import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headerNames } from '#core/headers.ts';
import { accountName, asIsLine, TestFleet, type TestWorker, taskLine } from '#test/support/test-fleet.ts';

interface SetupOptions {
  documents?: number;
  params?: Record<string, unknown>;
}

async function setup(options: SetupOptions = {}): Promise<{ fleet: TestFleet; worker: TestWorker; bk: string }> {
  const { documents = 2, params = {} } = options;
  const fleet = new TestFleet({ lane: { itemsMax: documents } });
  const worker = await fleet.worker();
  for (let index = 0; index < documents; index++) {
    await fleet.enqueue(1, { value: asIsLine(`document-${index}`, params) });
  }
  await worker.accumulator.runOnce();
  return { fleet, worker, bk: fleet.journal('SEALED')[0]?.bk ?? '' };
}

const submit = (worker: TestWorker): Promise<boolean> => worker.submitter.runOnce({ waitMs: 0 });

/** What the submitter said about why it waits. */
const parkedWhy = (worker: TestWorker): string[] =>
  worker.submitter.parked().map(parked => (parked.why === 'cap' ? parked.scope : parked.why));

describe('Submitter: caps', () => {
  const cap = (scope: string, limit: number) => ({ kind: 'CAP', scope, period: 'total', limit }) as const;

  it('A5, N7: tight: parked with its scope, and created once there is room', async () => {
    const { fleet, worker } = await setup();
    const scope = `account:${accountName}:items`;
    await fleet.append(cap(scope, 3), other(scope, 2));
    await submit(worker);
    assert.deepEqual(parkedWhy(worker), [scope]);
    await fleet.append(cap(scope, 4));
    await fleet.clock.advance(1_000);
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 1);
    assert.deepEqual(parkedWhy(worker), []);
  });

  it('exceeded by the batch alone: split', async () => {
    const { fleet, worker } = await setup();
    await fleet.append(cap(`account:${accountName}:items`, 1));
    await submit(worker);
    assert.equal(fleet.journal('CLOSED')[0]?.why, 'split');
    assert.equal(fleet.journal('INTENT').length, 0);
  });

  describe('a batch that does not fit, and documents of it that would', () => {
    const scope = `account:${accountName}:money`;
    const limitOf = async (fleet: TestFleet, worker: TestWorker): Promise<number> => {
      await fleet.append(cap(scope, 10 ** 15));
      await submit(worker); // to learn what it reserves
      return fleet.journal('INTENT')[0]?.reserve[scope] ?? 0;
    };

    it('nothing under way there: split, for no room will come back by itself', async () => {
      const probe = await setup({ documents: 4 });
      const whole = await limitOf(probe.fleet, probe.worker);
      const { fleet, worker } = await setup({ documents: 4 });
      await fleet.append(cap(scope, whole), other(scope, whole / 2), {
        kind: 'PRIMED',
        id: 'p',
        actual: { [scope]: whole / 2 },
      });
      await submit(worker);
      assert.equal(fleet.journal('CLOSED')[0]?.why, 'split');
      assert.deepEqual(parkedWhy(worker), []);
    });

    it('something under way there: parked whole, and split when that has taken its room for good', async () => {
      const probe = await setup({ documents: 4 });
      const whole = await limitOf(probe.fleet, probe.worker);
      const { fleet, worker } = await setup({ documents: 4 });
      await fleet.append(cap(scope, whole), other(scope, whole / 2));
      await submit(worker);
      assert.deepEqual(parkedWhy(worker), [scope]);
      assert.equal(fleet.journal('CLOSED').length, 0);
      await fleet.append({ kind: 'PRIMED', id: 'p', actual: { [scope]: whole / 2 } });
      await worker.follower.catchUp();
      assert.deepEqual(parkedWhy(worker), [], 'it is no longer told as held back');
      await fleet.clock.advance(1_000);
      await submit(worker);
      assert.equal(fleet.journal('CLOSED')[0]?.why, 'split');
    });

    it('no room for one document: parked whole', async () => {
      const probe = await setup({ documents: 4 });
      const whole = await limitOf(probe.fleet, probe.worker);
      const { fleet, worker } = await setup({ documents: 4 });
      const used = Math.ceil(whole * 0.8);
      await fleet.append(cap(scope, whole), other(scope, used), { kind: 'PRIMED', id: 'p', actual: { [scope]: used } });
      await submit(worker);
      assert.deepEqual(parkedWhy(worker), [scope]);
      assert.equal(fleet.journal('CLOSED').length, 0);
    });

    it('room that has come back since it was looked at: not told as held back', async () => {
      const { fleet, worker } = await setup();
      await fleet.append(cap(scope, 10 ** 12), other(scope, 10 ** 12));
      await submit(worker);
      assert.deepEqual(parkedWhy(worker), [scope]);
      await fleet.append({ kind: 'PRIMED', id: 'p', actual: {} });
      await worker.follower.catchUp();
      assert.deepEqual(parkedWhy(worker), []);
    });
  });

  it('exceeded by one document alone: parked, because a split cannot help', async () => {
    const { fleet, worker } = await setup({ documents: 1 });
    await fleet.append(cap(`account:${accountName}:money`, 1));
    await submit(worker);
    assert.deepEqual(parkedWhy(worker), [`account:${accountName}:money`]);
    assert.equal(fleet.journal('CLOSED').length, 0);
  });

  it('money cap and a model without a price: parked', async () => {
    const { fleet, worker } = await setup({ params: { model: 'claude-of-tomorrow' } });
    await fleet.append(cap(`account:${accountName}:money`, 1_000_000_000_000));
    await submit(worker);
    assert.deepEqual(parkedWhy(worker), ['price unknown']);
    assert.equal(fleet.provider.posts.length, 0);
  });

  it('documents without a price do not hold back those of the same file that have one', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 2 } });
    const worker = await fleet.worker();
    await fleet.append(cap('fleet:money', 10 ** 12));
    for (const model of ['claude-of-tomorrow', 'claude-haiku-4-5', 'claude-of-tomorrow', 'claude-haiku-4-5']) {
      await fleet.enqueue(1, { value: asIsLine('d', { model }) });
    }
    await worker.accumulator.runOnce();
    for (const _ of fleet.journal('SEALED')) await submit(worker);
    assert.equal(fleet.provider.posts.length, 1);
    assert.deepEqual(parkedWhy(worker), ['price unknown']);
  });

  it('no money cap and a model without a price: created', async () => {
    const { fleet, worker } = await setup({ params: { model: 'claude-of-tomorrow' } });
    await fleet.append(cap(`account:${accountName}:items`, 1_000));
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 1);
  });

  for (const scope of ['fleet:money', 'task:summarise:money', 'tenant:acme:money']) {
    it(`$4: ${scope}, per day: parked while the day is full, nothing else held up, created when the day turns`, async () => {
      const fleet = new TestFleet({ lane: { itemsMax: 1 } });
      const worker = await fleet.worker();
      await fleet.enqueue(1, { value: taskLine('d'), headers: { [headerNames.tenant]: 'acme' } });
      await worker.accumulator.runOnce();
      const used = { kind: 'PRIME', id: 'p', account: accountName, prefix: 'x', nonce: 'n' } as const;
      const limit = 1_000_000_000;
      await fleet.append(
        { kind: 'CAP', scope, period: 'day', limit },
        { ...used, reserve: { [scope]: limit } }, // on the first of January
      );
      await submit(worker);
      assert.deepEqual(parkedWhy(worker), [scope]);
      assert.equal(worker.submitter.cappedBatches(), 1);
      await fleet.clock.advance(24 * 3_600_000);
      await submit(worker);
      assert.equal(fleet.provider.posts.length, 1);
      assert.deepEqual(parkedWhy(worker), []);
    });
  }

  it('S5: a cap that comes between the look and the INTENT of a batch without a price: not sent', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 1 } });
    let isCapped = false;
    const worker = await fleet.worker({
      hook: async label => {
        if (label !== 'view.log.append(INTENT)·before' || isCapped) return;
        isCapped = true;
        await fleet.append(cap('fleet:money', 1_000_000_000_000));
      },
    });
    await fleet.enqueue(1, { value: asIsLine('d', { model: 'claude-of-tomorrow' }) });
    await worker.accumulator.runOnce();
    await submit(worker);
    await fleet.clock.advance(1_000);
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 0);
    assert.deepEqual(parkedWhy(worker), ['price unknown']);
    assert.equal(worker.submitter.cappedBatches(), 1);
  });

  it('a batch that another worker has created meanwhile is not called parked any more', async () => {
    const { fleet, worker } = await setup();
    const scope = `account:${accountName}:items`;
    await fleet.append(cap(scope, 3), other(scope, 2));
    await submit(worker);
    await fleet.append(cap(scope, 4));
    await fleet.clock.advance(1_000);
    await submit(await fleet.worker());
    await worker.follower.catchUp();
    assert.deepEqual(parkedWhy(worker), []);
  });

  const other = (scope: string, amount: number) =>
    ({ kind: 'PRIME', id: 'p', account: accountName, prefix: 'x', nonce: 'n', reserve: { [scope]: amount } }) as const;
});
