import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { journalVersion } from '#core/journal.ts';
import {
  acceptsUnanswered,
  type CreateScript,
  dropsUnanswered,
  ScriptedProvider,
} from '#test/support/scripted-provider.ts';
import { stateOf, TestFleet, type TestWorker, type WorkerOptions } from '#test/support/test-fleet.ts';

async function setup(options: WorkerOptions = {}): Promise<{ fleet: TestFleet; worker: TestWorker; bk: string }> {
  const fleet = new TestFleet({ lane: { itemsMax: 2 } });
  const worker = await fleet.worker(options);
  await fleet.enqueue(2);
  await worker.accumulator.runOnce();
  const bk = fleet.journal('SEALED')[0]?.bk ?? '';
  return { fleet, worker, bk };
}

const submit = (worker: TestWorker): Promise<boolean> => worker.submitter.runOnce({ waitMs: 0 });

describe('Submitter: one POST for one INTENT', () => {
  it('sends what was sealed, under ids that say whose it is, and binds the reply', async () => {
    const { fleet, worker, bk } = await setup();
    assert.equal(await submit(worker), true);
    assert.deepEqual(
      fleet.provider.posts.map(({ label, items }) => [label, items.map(item => item.customId)]),
      [[{ fleet: 'fleeta', bk, sub: 1 }, [`fleeta-${bk}-0-0-0`, `fleeta-${bk}-0-1-0`]]],
    );
    assert.deepEqual(fleet.journal('CREATED'), [{ v: journalVersion, kind: 'CREATED', bk, sub: 1, pid: 'pid-1' }]);
    assert.equal(await fleet.payloads.get(bk), null);
    assert.equal(await submit(worker), false);
  });

  const provider = new ScriptedProvider({ clock: new TestFleet().clock });
  const replies: [string, CreateScript][] = [
    ['a reply', accept => ({ status: 'created', pid: accept(), facts: provider.facts })],
    ['no reply, made', acceptsUnanswered],
    ['no reply, not made', dropsUnanswered],
    ['a refusal of the account', provider.refuses('account')],
    ['a refusal for now', provider.refuses('rate-limited', 1_000)],
    ['overload', provider.refuses('overloaded')],
    ['a refusal for size', provider.refuses('too-large')],
    ['a refusal of the envelope', provider.refuses('invalid')],
    ['no connection', provider.refuses('not-connected')],
    [
      'an adapter that throws',
      () => {
        throw new Error('bug');
      },
    ],
  ];
  for (const [what, script] of replies) {
    it(`sends once for an INTENT: ${what}`, async () => {
      const { fleet, worker } = await setup();
      fleet.provider.creates.push(script);
      await submit(worker).catch(() => {});
      assert.equal(fleet.provider.posts.length, 1);
      assert.equal(fleet.journal('INTENT').length, 1);
    });
  }

  it('an ambiguous create is never sent again from here, whatever hints come (A1)', async () => {
    const { fleet, worker, bk } = await setup();
    fleet.provider.creates.push(dropsUnanswered);
    await submit(worker);
    for (let hint = 0; hint < 3; hint++) {
      await fleet.queue.add({ queue: 'submit', id: bk });
      await submit(worker);
      await fleet.clock.advance(5_000);
    }
    assert.equal(fleet.provider.posts.length, 1);
    assert.equal(stateOf(worker, bk), 'intent');
  });

  it('a submitter that did not win the INTENT sends nothing', async () => {
    const { fleet, worker, bk } = await setup();
    const other = await fleet.worker();
    let isRaced = false;
    const racer = await fleet.worker({
      hook: async label => {
        if (label !== 'view.log.append(INTENT)·before' || isRaced) return;
        isRaced = true;
        await fleet.queue.postpone('submit', bk, 0);
        await submit(other);
      },
    });
    await submit(racer);
    assert.equal(fleet.journal('INTENT').length, 2);
    assert.equal(fleet.provider.posts.length, 1);
    await worker.follower.catchUp();
    assert.equal(stateOf(worker, bk), 'created');
  });

  it('two submitters at once in one process send once', async () => {
    const { fleet, worker, bk } = await setup();
    const [first] = await fleet.queue.take('submit', { limit: 1, lockMs: 1, waitMs: 0 });
    assert.equal(first?.id, bk);
    const doubled = {
      ...fleet.queue,
      take: async () => [{ queue: 'submit' as const, id: bk }],
    };
    const twice = await fleet.worker({ queue: doubled });
    await Promise.all([submit(twice), submit(twice), submit(worker)]);
    assert.equal(fleet.provider.posts.length, 1);
  });
});

describe('Submitter: an INTENT that must not be sent', () => {
  it('send deadline passed before the POST: ABORTED at once, and tried again', async () => {
    let isSlow = true;
    const { fleet, worker, bk } = await setup({
      hook: async label => {
        if (label === 'view.log.append(INTENT)·after' && isSlow) await fleet.clock.advance(fleet.timing.sendMs + 1);
        if (label === 'view.log.append(INTENT)·after') isSlow = false;
      },
    });
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 0);
    assert.deepEqual(
      fleet.journal('ABORTED').map(({ why }) => why),
      ['not sent'],
    );
    await fleet.clock.advance(1_000);
    await submit(worker);
    assert.deepEqual(
      fleet.provider.posts.map(({ label }) => label.sub),
      [2],
    );
    assert.equal(stateOf(worker, bk), 'created');
  });

  it('wall clock more than 30 s from the journal stamp: ABORTED at once (a suspended machine)', async () => {
    let jumpMs = 30_001;
    const { fleet, worker } = await setup({
      hook: label => {
        if (label !== 'view.log.append(INTENT)·after') return;
        fleet.clock.jump(jumpMs);
        jumpMs = 0;
      },
    });
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 0);
    assert.equal(fleet.journal('ABORTED').length, 1);
  });

  for (const place of ['before', 'after']) {
    it(`append of the INTENT breaks off ${place} it landed: known not to be sent, so ABORTED at once (C9)`, async () => {
      let isBroken = true;
      const { fleet, worker, bk } = await setup({
        hook: label => {
          if (label !== `view.log.append(INTENT)·${place}` || !isBroken) return;
          isBroken = false;
          throw new Error('broken off');
        },
      });
      await assert.rejects(submit(worker));
      for (let seconds = 0; seconds < 5; seconds++) {
        await fleet.clock.advance(1_000);
        await submit(worker);
      }
      assert.equal(stateOf(worker, bk), 'created');
      assert.equal(fleet.provider.posts.length, 1);
    });
  }

  it('an INTENT that lands late, after its append was given up: ABORTED at once by who never sent it', async () => {
    let isLost = true;
    const { fleet, worker, bk } = await setup({
      hook: label => {
        if (label !== 'view.log.append(INTENT)·before' || !isLost) return;
        isLost = false;
        throw new Error('given up');
      },
    });
    fleet.ids.nonce = () => 'late';
    await assert.rejects(submit(worker));
    await fleet.append({ ...lostIntent(bk), nonce: 'late' });
    fleet.ids.nonce = () => 'next';
    for (let seconds = 0; seconds < 5; seconds++) {
      await fleet.clock.advance(1_000);
      await submit(worker);
    }
    assert.equal(stateOf(worker, bk), 'created');
    assert.equal(fleet.provider.posts.length, 1);
  });

  it("another incarnation's INTENT is left alone: it may be under way", async () => {
    const { fleet, worker, bk } = await setup();
    await fleet.append(lostIntent(bk));
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 0);
    assert.equal(fleet.journal('ABORTED').length, 0);
    assert.equal(stateOf(worker, bk), 'intent');
  });

  it('a batch that was aborted and left without a hint is sent under the next number', async () => {
    const { fleet, worker, bk } = await setup();
    await fleet.append(lostIntent(bk), { kind: 'ABORTED', bk, sub: 1, why: 'absent' });
    await submit(worker);
    assert.deepEqual(
      fleet.provider.posts.map(({ label }) => label.sub),
      [2],
    );
  });
});

const lostIntent = (bk: string) =>
  ({ kind: 'INTENT', bk, sub: 1, worker: 'w', incarnation: 'i', nonce: 'n', reserve: {} }) as const;
