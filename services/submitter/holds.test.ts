import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headerNames } from '#core/headers.ts';
import { journalVersion } from '#core/journal.ts';
import { unavailable } from '#test/support/scripted-provider.ts';
import { accountName, asIsLine, ofRun, stateOf, TestFleet, type TestWorker } from '#test/support/test-fleet.ts';

interface SetupOptions {
  documents?: number;
  headers?: Record<string, string>;
  params?: Record<string, unknown>;
}

async function setup(options: SetupOptions = {}): Promise<{ fleet: TestFleet; worker: TestWorker; bk: string }> {
  const { documents = 2, headers = {}, params = {} } = options;
  const fleet = new TestFleet({ lane: { itemsMax: documents } });
  const worker = await fleet.worker();
  for (let index = 0; index < documents; index++) {
    await fleet.enqueue(1, { headers, value: asIsLine(`document-${index}`, params) });
  }
  await worker.accumulator.runOnce();
  return { fleet, worker, bk: fleet.journal('SEALED')[0]?.bk ?? '' };
}

const submit = (worker: TestWorker): Promise<boolean> => worker.submitter.runOnce({ waitMs: 0 });

/** What the submitter said about why it waits. */
const parkedWhy = (worker: TestWorker): string[] =>
  worker.submitter.parked().map(parked => (parked.why === 'cap' ? parked.scope : parked.why));

describe('Submitter: what holds a create back', () => {
  it('owner unseen: asks by a list call that costs nothing, then creates', async () => {
    const { fleet, worker } = await setup();
    await submit(worker);
    assert.equal(fleet.provider.lists, 1);
    assert.equal(worker.follower.view.accounts.get(accountName)?.owner, 'organisation/workspace');
    assert.equal(fleet.provider.posts.length, 1);
  });

  it('owner unseen and the list fails: no create, and it is asked again', async () => {
    const { fleet, worker } = await setup();
    fleet.provider.listErrors.push(unavailable());
    await submit(worker);
    assert.deepEqual(parkedWhy(worker), ['owner-unseen']);
    assert.equal(fleet.provider.posts.length, 0);
    await fleet.clock.advance(1_000);
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 1);
    assert.deepEqual(parkedWhy(worker), []);
  });

  it('owner seen and its ACCOUNT not appended: asked again, not held for ever', async () => {
    const { fleet } = await setup();
    let isBroken = true;
    const worker = await fleet.worker({
      hook: label => {
        if (label !== 'view.log.append(ACCOUNT)·before' || !isBroken) return;
        isBroken = false;
        throw new Error('broken off');
      },
    });
    await assert.rejects(submit(worker));
    await fleet.clock.advance(1_000);
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 1);
  });

  it('wrong owner: held, until an operator pins the new one (C25)', async () => {
    const { fleet, worker } = await setup();
    await fleet.append({
      kind: 'ACCOUNT',
      account: accountName,
      provider: 'anthropic',
      baseUrl: fleet.provider.baseUrl,
      owner: 'another',
    });
    await submit(worker);
    assert.deepEqual(parkedWhy(worker), ['owner-mismatch']);
    await fleet.append({ kind: 'REPIN', account: accountName, owner: fleet.provider.owner });
    await fleet.clock.advance(1_000);
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 1);
  });

  it('same owner behind another base URL: held (C25)', async () => {
    const { fleet, worker } = await setup();
    const { owner } = fleet.provider;
    await fleet.append({
      kind: 'ACCOUNT',
      account: accountName,
      provider: 'anthropic',
      baseUrl: 'https://elsewhere',
      owner,
    });
    await submit(worker);
    assert.deepEqual(parkedWhy(worker), ['owner-mismatch']);
  });

  it('owner that changes between INTENT and POST: not sent', async () => {
    const { fleet, bk } = await setup();
    let isSwitched = false;
    const other = await fleet.worker({
      hook: async label => {
        if (label !== 'view.log.append(INTENT)·after' || isSwitched) return;
        isSwitched = true;
        fleet.provider.owner = 'another';
        await other.account.list({ limit: 1 });
      },
    });
    await submit(other);
    assert.equal(fleet.provider.posts.length, 0);
    await other.follower.catchUp();
    assert.equal(stateOf(other, bk), 'aborted');
  });

  it('a journal record of an unknown version: held', async () => {
    const { fleet, worker } = await setup();
    const value = Buffer.from(JSON.stringify({ v: journalVersion + 1, kind: 'CANCEL', run: 'r' }));
    const record = { key: null, value, headers: {} };
    await fleet.cluster.connect().append({ topic: 'journal', partition: 0, records: [record] });
    await submit(worker);
    assert.deepEqual(parkedWhy(worker), ['log-newer']);
    assert.equal(fleet.provider.posts.length, 0);
  });

  it('clock more than 30 s from the provider: held, and no CLOSED(deadline)', async () => {
    const { fleet, worker, bk } = await setup({ headers: { [headerNames.deadline]: '2026-01-01T00:02:00Z' } });
    fleet.provider.clockOffMs = -10 * 60_000;
    fleet.clock.jump(10 * 60_000);
    await submit(worker);
    assert.deepEqual(parkedWhy(worker), ['clock-off']);
    assert.equal(fleet.journal('CLOSED').length, 0);
    assert.equal(stateOf(worker, bk), 'sealed');
  });

  it('only half-open after an account refusal: one create for all submitters', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 1 } });
    const worker = await fleet.worker();
    await fleet.enqueue(4);
    await worker.accumulator.runOnce();
    fleet.provider.creates.push(fleet.provider.refuses('account'));
    await submit(worker);
    await fleet.clock.advance(fleet.timing.breakerMinMs);
    assert.equal(worker.account.breaker.is, 'half-open');
    fleet.provider.creates.push(fleet.provider.refuses('account'), fleet.provider.refuses('account'));
    await Promise.all([submit(worker), submit(worker), submit(worker)]);
    assert.equal(fleet.provider.posts.length, 2);
  });

  it('account gone from the configuration: its batches wait, others go on', async () => {
    const { fleet } = await setup();
    const worker = await fleet.worker({ isConfigured: false });
    assert.equal(await submit(worker), true);
    assert.deepEqual(parkedWhy(worker), ['not-configured']);
  });
});

describe('Submitter: what is closed instead of created', () => {
  it('canceled run', async () => {
    const { fleet, worker } = await setup({ headers: ofRun('r') });
    await fleet.append({ kind: 'CANCEL', run: 'r' });
    await submit(worker);
    assert.deepEqual(
      fleet.journal('CLOSED').map(({ why }) => why),
      ['canceled'],
    );
    assert.equal((await fleet.queue.depths()).collect, 1);
    assert.equal(fleet.provider.lists, 0);
  });

  it('canceled run of an account that is not configured any more', async () => {
    const { fleet } = await setup({ headers: ofRun('r') });
    const worker = await fleet.worker({ isConfigured: false });
    await fleet.append({ kind: 'CANCEL', run: 'r' });
    await submit(worker);
    assert.equal(fleet.journal('CLOSED').length, 1);
  });

  it('run canceled between look and INTENT: nothing is sent, then it is closed', async () => {
    const { fleet, bk } = await setup({ headers: ofRun('r') });
    let isCanceled = false;
    const worker = await fleet.worker({
      hook: async label => {
        if (label !== 'view.log.append(INTENT)·before' || isCanceled) return;
        isCanceled = true;
        await fleet.append({ kind: 'CANCEL', run: 'r' });
      },
    });
    await submit(worker);
    await fleet.clock.advance(2_000);
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 0);
    await worker.follower.catchUp();
    assert.equal(stateOf(worker, bk), 'closed');
  });

  const deadline = { [headerNames.deadline]: '2026-01-01T00:02:00Z' };
  it('deadline passed', async () => {
    const { fleet, worker } = await setup({ headers: deadline });
    await fleet.clock.advance(120_001);
    await submit(worker);
    assert.equal(fleet.journal('CLOSED')[0]?.why, 'deadline');
    assert.equal(fleet.provider.posts.length, 0);
  });

  it('deadline passed while it waited for the creates before it', async () => {
    const { fleet } = await setup({ headers: deadline });
    const worker = await fleet.worker({ createsAtOnce: 1 });
    await fleet.enqueue(2, { headers: deadline });
    await worker.accumulator.runOnce();
    const gate = Promise.withResolvers<void>();
    fleet.provider.creates.push(async accept => {
      await gate.promise;
      return { status: 'created', pid: accept(), facts: fleet.provider.facts };
    });
    const rounds = [submit(worker), submit(worker)];
    await fleet.clock.advance(120_001);
    gate.resolve();
    await Promise.all(rounds);
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 1);
    assert.equal(fleet.journal('CLOSED')[0]?.why, 'deadline');
  });

  it('deadline passed while the breaker is open', async () => {
    const { fleet, worker } = await setup({ headers: deadline });
    fleet.provider.creates.push(fleet.provider.refuses('rate-limited', 3_600_000));
    await submit(worker);
    await fleet.clock.advance(120_001);
    await submit(worker);
    assert.equal(fleet.journal('CLOSED')[0]?.why, 'deadline');
  });

  it('the breaker is open for long: the documents are looked into once, and in time', async () => {
    const { fleet, worker } = await setup({ headers: deadline });
    fleet.provider.creates.push(fleet.provider.refuses('rate-limited', 3_600_000));
    let reads = 0;
    const { get } = fleet.payloads;
    fleet.payloads.get = bk => {
      reads += 1;
      return get(bk);
    };
    for (let turn = 0; turn < 20; turn++) {
      await submit(worker);
      await fleet.clock.advance(5_000);
    }
    assert.deepEqual(parkedWhy(worker), ['breaker']);
    assert.equal(reads, 2, 'once to send it, once to know how long it may wait');
    await fleet.clock.advance(30_000);
    await submit(worker);
    assert.equal(fleet.journal('CLOSED')[0]?.why, 'deadline');
  });
});
