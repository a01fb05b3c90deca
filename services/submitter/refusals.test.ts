import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RefusalReason } from '#ports/batch-provider.ts';
import { accountName, round, stateOf, TestFleet, type TestWorker } from '#test/support/test-fleet.ts';

async function setup(
  documents = 2,
  options: { hasLabels?: boolean } = {},
): Promise<{ fleet: TestFleet; worker: TestWorker; bk: string }> {
  const fleet = new TestFleet({ lane: { itemsMax: documents }, ...options });
  const worker = await fleet.worker();
  await fleet.enqueue(documents);
  await worker.accumulator.runOnce();
  return { fleet, worker, bk: fleet.journal('SEALED')[0]?.bk ?? '' };
}

const submit = (worker: TestWorker): Promise<boolean> => worker.submitter.runOnce({ waitMs: 0 });

describe('Submitter: refusals', () => {
  const closing: [RefusalReason, string][] = [
    ['too-large', 'split'],
    ['invalid', 'invalid'],
  ];
  for (const [reason, why] of closing) {
    it(`${reason}: ABORTED, CLOSED(${why}), nothing reserved any more (N6)`, async () => {
      const { fleet, worker, bk } = await setup();
      fleet.provider.creates.push(fleet.provider.refuses(reason));
      await submit(worker);
      await worker.follower.catchUp();
      assert.deepEqual(
        fleet.journal('ABORTED').map(record => record.why),
        [reason],
      );
      assert.deepEqual(
        fleet.journal('CLOSED').map(record => record.why),
        [why],
      );
      assert.equal(stateOf(worker, bk), 'closed');
      assert.equal(worker.follower.view.used.size, 0);
    });

    it(`${reason}: the halves are sent in smaller batches, down to one`, async () => {
      const { fleet, worker } = await setup(4);
      const refuse = fleet.provider.refuses(reason);
      fleet.provider.creates.push(refuse, refuse);
      await fleet.settleDown(worker);
      assert.deepEqual(
        fleet.provider.posts.map(({ items }) => items.length),
        [4, 2, 2, 1, 1],
      );
      fleet.assertAnsweredOnce(4);
      assert.ok(fleet.results().every(({ outcome, attempts }) => outcome === 'succeeded' && attempts === 1));
    });
  }

  it('too-large for a batch of one: a dead letter', async () => {
    const { fleet, worker } = await setup(1);
    fleet.provider.creates.push(fleet.provider.refuses('too-large'));
    await fleet.settleDown(worker, { forMs: 10_000 });
    assert.deepEqual(
      fleet.deadLetters().map(({ cause }) => cause),
      ['too-large'],
    );
  });

  it('died between ABORTED(413) and CLOSED(split): refused once more, then split', async () => {
    let isDying = true;
    const { fleet } = await setup();
    const dying = await fleet.worker({
      hook: label => {
        if (label !== 'view.log.append(CLOSED)·before' || !isDying) return;
        isDying = false;
        throw new Error('died');
      },
    });
    fleet.provider.creates.push(fleet.provider.refuses('too-large'), fleet.provider.refuses('too-large'));
    await assert.rejects(submit(dying));
    await fleet.settleDown(await fleet.worker());
    fleet.assertAnsweredOnce(2);
  });

  it('account refused: the breaker opens and nothing is spent (A3)', async () => {
    const { fleet, worker, bk } = await setup();
    fleet.provider.creates.push(fleet.provider.refuses('account'));
    await submit(worker);
    await worker.follower.catchUp();
    assert.equal(worker.account.breaker.is, 'open');
    assert.equal(stateOf(worker, bk), 'aborted');
    assert.equal(worker.follower.view.used.size, 0);
    await fleet.clock.advance(2_000);
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 1);
    await fleet.settleDown(worker);
    assert.deepEqual(
      fleet.results().map(({ attempts }) => attempts),
      [1, 1],
    );
  });

  it('rate limited: waits as long as it was told', async () => {
    const { fleet, worker } = await setup();
    fleet.provider.creates.push(fleet.provider.refuses('rate-limited', 90_000));
    await submit(worker);
    for (let second = 0; second < 89; second++) {
      await fleet.clock.advance(1_000);
      await submit(worker);
    }
    assert.equal(fleet.provider.posts.length, 1);
    await fleet.clock.advance(3_000);
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 2);
  });

  it('rate limited: no process takes a submit of the account meanwhile', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 1 } });
    const held: [string, number][] = [];
    const holdSubmits = async (account: string, ms: number): Promise<void> => {
      held.push([account, ms]);
    };
    const worker = await fleet.worker({ queue: { ...fleet.queue, holdSubmits } });
    await fleet.enqueue(2);
    await worker.accumulator.runOnce();
    fleet.provider.creates.push(fleet.provider.refuses('rate-limited', 9_000));
    await submit(worker);
    assert.deepEqual(held, [[accountName, 9_000]]);
    await fleet.clock.advance(12_000);
    fleet.provider.creates.push(fleet.provider.refuses('invalid'));
    await submit(worker);
    assert.equal(held.length, 1, 'what is refused for its own sake holds back nothing else');
  });

  it('no connection, three times: the breaker opens; a list that is answered closes it (C24)', async () => {
    const { fleet, worker } = await setup();
    const refuse = fleet.provider.refuses('not-connected');
    fleet.provider.creates.push(refuse, refuse, refuse);
    for (let attempt = 0; attempt < 6; attempt++) {
      await submit(worker);
      await fleet.clock.advance(2_000);
    }
    assert.equal(fleet.provider.posts.length, 3);
    await fleet.clock.advance(fleet.timing.breakerMinMs);
    assert.equal(worker.account.breaker.is, 'half-open');
    await round(worker);
    assert.equal(worker.account.breaker.is, 'closed');
    await fleet.settleDown(worker, { forMs: 10_000 });
    assert.equal(fleet.provider.posts.length, 4);
  });
});

describe('Submitter: a CREATED that is refused', () => {
  /** The reply comes only after another worker has resolved the INTENT by `meanwhile`. */
  async function lateReply(options: {
    hasLabels: boolean;
    meanwhile: (fleet: TestFleet, bk: string, pid: string) => Promise<void>;
  }): Promise<{ fleet: TestFleet; worker: TestWorker }> {
    const { fleet, worker, bk } = await setup(2, options);
    fleet.provider.creates.push(async accept => {
      const pid = accept();
      await options.meanwhile(fleet, bk, pid);
      return { status: 'created', pid, facts: fleet.provider.facts };
    });
    await submit(worker);
    return { fleet, worker };
  }
  const doubled = async (fleet: TestFleet, bk: string): Promise<void> => {
    const second = { kind: 'INTENT', bk, sub: 2, worker: 'w', incarnation: 'i', nonce: 'n', reserve: {} } as const;
    await fleet.append({ kind: 'ABORTED', bk, sub: 1, why: 'absent' }, second);
    await fleet.append({ kind: 'CREATED', bk, sub: 2, pid: 'pid-other' });
  };

  it('same pid was adopted meanwhile: nothing to say (C13)', async () => {
    const meanwhile = async (fleet: TestFleet, bk: string, pid: string): Promise<void> =>
      fleet.append({ kind: 'CREATED', bk, sub: 1, pid });
    const { fleet, worker } = await lateReply({ hasLabels: true, meanwhile });
    assert.equal(worker.telemetry.counted('flotilla_suspected_double_purchase_total'), 0);
    assert.deepEqual(fleet.provider.canceled, []);
  });

  it('another pid is bound, without labels: counted, not canceled (C14)', async () => {
    const { fleet, worker } = await lateReply({ hasLabels: false, meanwhile: doubled });
    assert.equal(worker.telemetry.counted('flotilla_suspected_double_purchase_total'), 1);
    assert.deepEqual(fleet.provider.canceled, []);
  });

  it('another pid is bound, with labels: counted and canceled (C14)', async () => {
    const { fleet, worker } = await lateReply({ hasLabels: true, meanwhile: doubled });
    assert.equal(worker.telemetry.counted('flotilla_suspected_double_purchase_total'), 1);
    assert.deepEqual(fleet.provider.canceled, ['pid-1']);
  });

  it('none is bound yet: counted, not canceled, because the look may adopt it', async () => {
    const meanwhile = async (fleet: TestFleet, bk: string): Promise<void> =>
      fleet.append({ kind: 'ABORTED', bk, sub: 1, why: 'absent' });
    const { fleet, worker } = await lateReply({ hasLabels: true, meanwhile });
    assert.equal(worker.telemetry.counted('flotilla_suspected_double_purchase_total'), 1);
    assert.deepEqual(fleet.provider.canceled, []);
  });
});
