import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { callCostOf } from '#core/cost.ts';
import { headerNames } from '#core/headers.ts';
import type { Amounts } from '#core/journal.ts';
import { toNanodollars } from '#core/money.ts';
import type { CachePlan } from '#core/prompt-cache/cache-plan.ts';
import type { PrimeOutcome } from '#ports/batch-provider.ts';
import {
  accountName,
  ofRun,
  TestFleet,
  type TestWorker,
  taskLine,
  type WorkerOptions,
} from '#test/support/test-fleet.ts';

const instructions = 'Read what follows with care, and say what it is about. '.repeat(100);
const items = 100;

async function setup(
  options: { caps?: Record<string, number> } = {},
): Promise<{ fleet: TestFleet; worker: TestWorker }> {
  const cache = { mode: 'on', holdBack: 0 } as const;
  const fleet = new TestFleet({ lane: { itemsMax: items }, recipe: { instructions }, cache });
  const worker = await fleet.worker();
  for (const [scope, limit] of Object.entries(options.caps ?? {})) {
    await fleet.append({ kind: 'CAP', scope, period: 'total', limit });
  }
  return { fleet, worker };
}

/** One more batch of the task, sealed. @param headers of its documents in turn */
async function seal(fleet: TestFleet, worker: TestWorker, ...headers: Record<string, string>[]): Promise<void> {
  for (let index = 0; index < items; index++) {
    const own = headers[index % headers.length];
    await fleet.enqueue(1, { value: taskLine(`d-${index}`), ...(own === undefined ? {} : { headers: own }) });
  }
  await worker.accumulator.runOnce();
}

const submit = (worker: TestWorker): Promise<boolean> => worker.submitter.runOnce({ waitMs: 0 });

const used = ({ follower }: TestWorker, scope: string): number => follower.view.used.get(`${scope}|total`) ?? 0;

const ambiguous: PrimeOutcome = { status: 'ambiguous', message: 'connection reset' };

describe('Submitter: primes', () => {
  it('P1: are bought before the create: PRIME with its reserve, one call, PRIMED with what it cost', async () => {
    const { fleet, worker } = await setup();
    await seal(fleet, worker);
    const usage = { input: 3, output: 0, cacheRead: 0, cacheWrite5m: 1_400, cacheWrite1h: 0 };
    fleet.provider.primes.push(() => {
      assert.equal(fleet.provider.posts.length, 0);
      const [{ reserve } = { reserve: {} }] = fleet.journal('PRIME');
      assert.deepEqual(Object.keys(reserve).sort(), ['account:main:money', 'fleet:money', 'task:summarise:money']);
      return { status: 'primed', model: 'claude-haiku-5-5', usage, facts: fleet.provider.facts };
    });
    await submit(worker);
    const plan = fleet.journal('SEALED')[0]?.plan as CachePlan;
    assert.equal(plan.marks[0]?.prime, true);
    const [prime] = fleet.journal('PRIME');
    const cost = callCostOf('claude-haiku-5-5', usage, fleet.clock.now()) as number;
    assert.equal(prime?.prefix, plan.marks[0]?.hash);
    assert.equal(fleet.journal('PRIMED')[0]?.actual['fleet:money'], cost);
    assert.deepEqual([prime?.model, fleet.journal('PRIMED')[0]?.model], ['claude-haiku-5-5', 'claude-haiku-5-5']);
    assert.ok((prime?.reserve['fleet:money'] ?? 0) >= cost);
    assert.deepEqual([fleet.provider.primed.length, fleet.provider.posts.length], [1, 1]);
    const { max_tokens: tokens } = JSON.parse(fleet.provider.primed[0]?.body ?? '') as { max_tokens: number };
    assert.equal(tokens, 0);
    assert.equal(worker.telemetry.counted('flotilla_cache_plans_total'), 1);
    assert.equal(worker.telemetry.counted('flotilla_primes_total'), 1);
    assert.equal(worker.telemetry.counted('flotilla_prime_nanodollars_total'), toNanodollars(cost));
  });

  it('are bought once while the entry lives, and again when it is over', async () => {
    const { fleet, worker } = await setup();
    const other = await fleet.worker();
    for (const each of [worker, other, worker]) {
      await seal(fleet, worker);
      await submit(each);
    }
    assert.equal(fleet.provider.primed.length, 1);
    await fleet.clock.advance(3_700_000);
    await worker.account.list({ limit: 1 });
    await seal(fleet, worker);
    await submit(worker);
    assert.deepEqual([fleet.provider.primed.length, fleet.provider.posts.length], [2, 4]);
  });

  it('are shared by batches that are submitted side by side', async () => {
    const { fleet, worker } = await setup();
    for (let batch = 0; batch < 3; batch++) await seal(fleet, worker);
    await Promise.all([submit(worker), submit(worker), submit(worker)]);
    assert.deepEqual([fleet.provider.primed.length, fleet.provider.posts.length], [1, 3]);
  });

  it('are waited for by batches that are to read what they write', async () => {
    const { fleet, worker } = await setup();
    for (let batch = 0; batch < 3; batch++) await seal(fleet, worker);
    const usage = { input: 3, output: 0, cacheRead: 0, cacheWrite5m: 1_400, cacheWrite1h: 0 };
    let postsBefore = 0;
    fleet.provider.primes.push(async () => {
      for (let turn = 0; turn < 100; turn++) await setImmediate();
      postsBefore = fleet.provider.posts.length;
      return { status: 'primed', model: 'claude-haiku-5-5', usage, facts: fleet.provider.facts };
    });
    await Promise.all([submit(worker), submit(worker), submit(worker)]);
    const isPrimed = fleet.journal('SEALED').map(({ plan }) => plan?.marks[0]?.prime);
    assert.deepEqual(isPrimed, [true, false, false]);
    assert.deepEqual([postsBefore, fleet.provider.posts.length], [0, 3]);
  });

  it('are waited for only as long as a batch has time: its deadline comes first', async () => {
    const { fleet, worker } = await setup();
    await seal(fleet, worker);
    await seal(fleet, worker, { [headerNames.deadline]: new Date(fleet.clock.now() + 80_000).toISOString() });
    fleet.provider.primes.push(() => new Promise(() => {})); // no end in sight
    void submit(worker);
    void submit(worker);
    await fleet.clock.advance(1);
    assert.equal(fleet.provider.posts.length, 0);
    await fleet.clock.advance(30_000);
    assert.equal(fleet.provider.posts.length, 1);
    assert.deepEqual(fleet.journal('CLOSED'), []);
  });

  it('are not waited for where their batch has no time left to buy one', async () => {
    const { fleet, worker } = await setup();
    await seal(fleet, worker, { [headerNames.deadline]: new Date(fleet.clock.now() + 60_000).toISOString() });
    await seal(fleet, worker);
    fleet.provider.creates.push(() => new Promise(() => {}));
    void submit(worker);
    await fleet.clock.advance(1);
    void submit(worker);
    await fleet.clock.advance(1);
    assert.deepEqual([fleet.provider.primed.length, fleet.provider.posts.length], [0, 2]);
  });

  it('A1: are never repeated when the reply is lost: in full after T_settle, and the batch goes out at once', async () => {
    const { fleet, worker } = await setup();
    await seal(fleet, worker);
    fleet.provider.primes.push(() => ambiguous);
    await submit(worker);
    await seal(fleet, worker);
    await submit(worker);
    assert.deepEqual([fleet.provider.primed.length, fleet.provider.posts.length], [1, 2]);
    await worker.sweeper.runOnce();
    assert.deepEqual(fleet.journal('PRIMED'), []);
    await fleet.clock.advance(fleet.timing.settleMs + 1_000);
    await (await fleet.worker()).sweeper.runOnce();
    assert.deepEqual(fleet.journal('PRIMED')[0]?.actual, fleet.journal('PRIME')[0]?.reserve);
    assert.equal(fleet.provider.primed.length, 1);
  });

  for (const reason of ['rate-limited', 'account', 'invalid', 'not-connected'] as const) {
    it(`cost nothing when they are refused (${reason}), hold no batch back, and rest for a while`, async () => {
      const { fleet, worker } = await setup();
      await seal(fleet, worker);
      const { facts } = fleet.provider;
      const refused = { status: 'refused', reason, httpStatus: null, message: 'no', retryAfterMs: null } as const;
      fleet.provider.primes.push(() => ({ ...refused, facts: reason === 'not-connected' ? null : facts }));
      await submit(worker);
      await seal(fleet, worker);
      await submit(worker);
      assert.deepEqual(fleet.journal('PRIMED')[0]?.actual, {});
      assert.deepEqual([fleet.provider.primed.length, fleet.provider.posts.length], [1, 2]);
    });
  }

  it('S5: leave the room that their batch needs under a cap', async () => {
    const { fleet, worker } = await setup();
    await seal(fleet, worker);
    await submit(worker);
    const wanted = fleet.journal('INTENT')[0]?.reserve['fleet:money'] ?? 0;
    const tight = await setup({ caps: { 'fleet:money': wanted + 1 } });
    await seal(tight.fleet, tight.worker);
    await submit(tight.worker);
    assert.deepEqual([tight.fleet.provider.primed.length, tight.fleet.provider.posts.length], [0, 1]);
  });

  it('are shared by the runs of their batch, and the parts are the sum', async () => {
    const { fleet, worker } = await setup();
    await seal(fleet, worker, ...['A', 'B', 'C'].map(ofRun));
    await submit(worker);
    const reserve: Amounts = fleet.journal('PRIME')[0]?.reserve ?? {};
    const ofRuns = ['A', 'B', 'C'].reduce((sum, run) => sum + (reserve[`run:${run}:money`] ?? 0), 0);
    assert.equal(ofRuns, reserve['fleet:money']);
  });

  it('are bounded by the hour, by all processes together', async () => {
    const { fleet } = await setup();
    const workers = [await fleet.worker({ primesPerHour: 1 }), await fleet.worker({ primesPerHour: 1 })] as const;
    await fleet.append({ kind: 'PRIME', id: 'p', account: accountName, prefix: 'other', nonce: 'n', reserve: {} });
    for (const worker of workers) {
      await seal(fleet, workers[0]);
      await submit(worker);
    }
    assert.deepEqual([fleet.provider.primed.length, fleet.provider.posts.length], [0, 2]);
  });

  it('are never more than the hour may have, also when two processes decide at the same moment', async () => {
    const { fleet } = await setup();
    const other = await fleet.worker({ primesPerHour: 1 });
    // What the first one saw before its PRIME is no longer so when it lands.
    const first = await fleet.worker({
      primesPerHour: 1,
      hook: async label => {
        if (label === 'view.log.append(PRIME)·before') await fleet.append({ ...bought, perHour: 1 });
      },
    });
    const bought = { kind: 'PRIME', id: 'p', account: accountName, prefix: 'other', nonce: 'n', reserve: {} } as const;
    await seal(fleet, first);
    await submit(first);
    assert.equal(fleet.journal('PRIME').length, 2);
    assert.deepEqual([fleet.provider.primed.length, fleet.provider.posts.length], [0, 1]);
    await other.follower.catchUp();
    assert.deepEqual([...other.follower.view.primes.keys()], ['p']);
    assert.equal(used(other, 'fleet:money'), fleet.journal('INTENT')[0]?.reserve['fleet:money']);
  });

  it('wait for another process that is at it, and no longer than its call may take', async () => {
    const { fleet, worker } = await setup();
    await seal(fleet, worker);
    const [{ plan } = { plan: undefined }] = fleet.journal('SEALED');
    const prefix = plan?.marks[0]?.hash ?? '';
    await fleet.append({ kind: 'PRIME', id: 'p', account: accountName, prefix, nonce: 'n', reserve: {} });
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 0);
    await fleet.clock.advance(fleet.timing.sendMs + fleet.timing.httpMs + 1_000);
    await submit(worker);
    assert.deepEqual([fleet.provider.primed.length, fleet.provider.posts.length], [0, 1]);
  });

  const dying: [string, Partial<Record<'primed' | 'posts', number>>][] = [
    ['view.log.append(PRIME)·before', { primed: 0 }],
    ['view.log.append(PRIME)·after', { primed: 0 }],
    ['provider.prime·before', { primed: 0 }],
    ['provider.prime·after', { primed: 1 }],
    ['view.log.append(PRIMED)·before', { primed: 1 }],
    ['view.log.append(PRIMED)·after', { primed: 1 }],
  ];
  for (const [label, { primed = 0 }] of dying) {
    it(`A1: a process that dies at ${label} costs one prime at most, and no batch`, async () => {
      const { fleet } = await setup();
      const doomed = await fleet.worker(diesAt(label));
      await seal(fleet, doomed);
      void submit(doomed).catch(() => {});
      await fleet.clock.advance(1);
      assert.equal(fleet.provider.primed.length, primed);
      fleet.flushQueue();
      const heir = await fleet.worker();
      await fleet.settleDown(heir, { forMs: 2 * fleet.timing.settleMs, stepMs: 20_000 });
      fleet.assertAnsweredOnce(items);
      await heir.follower.catchUpAll();
      assert.ok(fleet.provider.primed.length <= primed + 1);
      assert.ok([...heir.follower.view.primes.values()].every(({ state }) => state !== 'open'));
      const spent = fleet.journal('PRIMED').length > 0 || fleet.journal('PRIME').length === 0;
      assert.ok(spent && used(heir, 'fleet:money') > 0);
    });
  }
});

/** Stands still for ever, as if it had been killed there. */
const diesAt = (label: string): WorkerOptions => ({
  hook: passed => (passed === label ? new Promise<void>(() => {}) : undefined),
});
