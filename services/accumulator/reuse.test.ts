import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headerNames } from '#core/headers.ts';
import type { ResultLine } from '#ports/batch-provider.ts';
import { answered, errored } from '#test/support/scripted-provider.ts';
import {
  ofRun,
  TestFleet,
  type TestFleetOptions,
  type TestResult,
  type TestWorker,
  taskLine,
} from '#test/support/test-fleet.ts';

const answers = { ttlMs: 3_600_000, entriesMax: 100 };

async function setup(options: TestFleetOptions = {}): Promise<{ fleet: TestFleet; worker: TestWorker }> {
  const fleet = new TestFleet({ answers, ...options });
  return { fleet, worker: await fleet.worker() };
}

/** The same request under another name. */
const same = (customId: string, rest: Record<string, unknown> = {}): string =>
  taskLine(customId, 'summarise', { content: 'The harbour was built in 1882.', ...rest });

const bought = (fleet: TestFleet): string[] =>
  fleet.provider.batches.flatMap(({ customIds }) => customIds.map(id => id.split('-').slice(2).join('-')));
const byRid = (fleet: TestFleet): TestResult[] => fleet.results().sort((a, b) => (a.rid < b.rid ? -1 : 1));
const reusedFrom = (fleet: TestFleet): (string | undefined)[] => byRid(fleet).map(result => result.reused_from);
const position = async ({ log }: TestWorker): Promise<number> =>
  (await log.position('accumulator', 'documents', 0))?.offset ?? 0;

/** The next create ends with this error for every item. */
function failNext(fleet: TestFleet, errorClass: 'transient' | 'document'): void {
  fleet.provider.creates.push(accept => {
    const pid = accept();
    fleet.provider.end(fleet.provider.batch(pid), ids => ids.map(id => errored(id, errorClass)));
    return { status: 'created', pid, facts: fleet.provider.facts };
  });
}

describe('Reuse: documents with the same request in flight together', () => {
  it('are bought once and answered each', async () => {
    const { fleet, worker } = await setup();
    for (const id of ['a', 'b', 'c']) await fleet.enqueue(1, { value: same(id) });
    await fleet.settleDown(worker, { forMs: 90_000 });
    fleet.assertAnsweredOnce(3);
    assert.deepEqual(bought(fleet), ['0-0-0']);
    const [first, ...others] = byRid(fleet);
    assert.equal(first?.reused_from, undefined);
    for (const other of others) {
      assert.equal(other.reused_from, first?.rid);
      assert.deepEqual(other.output, first?.output);
      assert.equal(other.attempts, 0);
      assert.equal(other.cost?.billed_usd, '0.00');
    }
    const headers = fleet.cluster.committed('results', 0).map(record => record.headers[headerNames.reusedFrom]);
    assert.deepEqual(headers.filter(Boolean), ['0/0', '0/0']);
    const settled = fleet.read<{ cost: number }>('settled').map(({ cost }) => cost);
    assert.equal(settled.filter(cost => cost === 0).length, 1);
    assert.equal(worker.telemetry.counted('flotilla_answer_lookups_total'), 3);
    assert.equal(worker.telemetry.counted('flotilla_answers_reused_total'), 2);
    assert.ok(worker.telemetry.counted('flotilla_answers_reused_nanodollars_total') > 0);
  });

  it('also when the first is at the provider, and hold no partition while they wait', async () => {
    const { fleet, worker } = await setup({ lane: { ageMsMax: 1_000 } });
    await fleet.enqueue(1, { value: same('a') });
    await fleet.settleDown(worker, { forMs: 10_000, areEnding: false });
    await fleet.enqueue(1, { value: same('b') });
    await fleet.enqueue(1, { value: taskLine('other') });
    await fleet.settleDown(worker, { forMs: 300_000, areEnding: false });
    assert.equal(await position(worker), 3);
    assert.equal(fleet.results().length, 0);
    await fleet.settleDown(worker, { forMs: 60_000 });
    fleet.assertAnsweredOnce(3);
    assert.deepEqual(bought(fleet).sort(), ['0-0-0', '0-2-0']);
  });

  it('wait for a retry of the first, and those beside them do not wait for it', async () => {
    const { fleet, worker } = await setup();
    fleet.provider.creates.push(accept => {
      const pid = accept();
      const failing = (id: string): boolean => id.endsWith('-0-0');
      fleet.provider.end(fleet.provider.batch(pid), ids => ids.map(id => (failing(id) ? errored(id) : answered(id))));
      return { status: 'created', pid, facts: fleet.provider.facts };
    });
    await fleet.enqueue(1, { value: same('a') });
    await fleet.enqueue(1, { value: taskLine('c', 'summarise', { content: 'Another.' }) });
    await fleet.enqueue(1, { value: same('b') });
    await fleet.enqueue(1, { value: taskLine('d', 'summarise', { content: 'Another.' }) });
    await fleet.settleDown(worker, { forMs: 300_000 });
    fleet.assertAnsweredOnce(4);
    assert.deepEqual(reusedFrom(fleet), [undefined, undefined, '0/0', '0/1']);
    assert.deepEqual(bought(fleet), ['0-0-0', '0-1-0', '0-0-1']);
    const retries = fleet.read<{ retry: { cause: string }[] }>('settled').flatMap(({ retry }) => retry);
    assert.deepEqual(retries.map(({ cause }) => cause).sort(), ['not-reused', 'provider-error']);
  });

  it('take the answer of a second try, whose cap was raised because the first was cut', async () => {
    const { fleet, worker } = await setup();
    fleet.provider.creates.push(accept => {
      const pid = accept();
      const cut = (id: string): ResultLine => {
        const line = answered(id);
        return line.type === 'succeeded' ? { ...line, answer: { ...line.answer, finish: 'truncated' } } : line;
      };
      fleet.provider.end(fleet.provider.batch(pid), ids => ids.map(cut));
      return { status: 'created', pid, facts: fleet.provider.facts };
    });
    for (const id of ['a', 'b']) await fleet.enqueue(1, { value: same(id) });
    await fleet.settleDown(worker, { forMs: 120_000 });
    await fleet.enqueue(1, { value: same('c') });
    await fleet.settleDown(worker, { forMs: 20_000 });
    fleet.assertAnsweredOnce(3);
    assert.deepEqual(bought(fleet), ['0-0-0', '0-0-1']);
    assert.deepEqual(reusedFrom(fleet), [undefined, '0/0', '0/0']);
  });

  it('are bought themselves when the first has no answer in the end, once each and with all their tries', async () => {
    const { fleet, worker } = await setup();
    failNext(fleet, 'document');
    for (const id of ['a', 'b']) await fleet.enqueue(1, { value: same(id) });
    await fleet.settleDown(worker, { forMs: 120_000 });
    fleet.assertAnsweredOnce(2);
    assert.deepEqual(
      byRid(fleet).map(({ outcome, attempts }) => [outcome, attempts]),
      [
        ['failed', 1],
        ['succeeded', 1],
      ],
    );
    assert.deepEqual(bought(fleet), ['0-0-0', '0-1-1']);
    const [row] = fleet.read<{ retry: { charged: number; uncharged: number }[] }>('settled').flatMap(s => s.retry);
    assert.deepEqual([row?.charged, row?.uncharged], [0, 0]);
  });

  it('never share across tenants', async () => {
    const { fleet, worker } = await setup();
    await fleet.enqueue(1, { value: same('a'), headers: { [headerNames.tenant]: 'acme' } });
    await fleet.enqueue(1, { value: same('b'), headers: { [headerNames.tenant]: 'globex' } });
    await fleet.enqueue(1, { value: same('c') });
    await fleet.enqueue(1, { value: same('d'), headers: { [headerNames.tenant]: 'acme' } });
    await fleet.settleDown(worker, { forMs: 90_000 });
    fleet.assertAnsweredOnce(4);
    assert.deepEqual(reusedFrom(fleet), [undefined, undefined, undefined, '0/0']);
  });

  it('do not when one of them asks for an answer of its own, by field or by header', async () => {
    const { fleet, worker } = await setup();
    await fleet.enqueue(1, { value: same('a', { reuse: false }) });
    await fleet.enqueue(1, { value: same('b') });
    await fleet.enqueue(1, { value: same('c'), headers: { [headerNames.reuse]: 'no' } });
    await fleet.enqueue(1, { value: same('d', { reuse: true }) });
    await fleet.settleDown(worker, { forMs: 90_000 });
    fleet.assertAnsweredOnce(4);
    assert.deepEqual(reusedFrom(fleet), [undefined, undefined, undefined, '0/1']);
    const keyed = fleet.cluster.committed('results', 0).map(({ headers }) => headers[headerNames.requestKey]);
    assert.equal(keyed.filter(Boolean).length, 2);
  });

  it('do not wait beyond their own deadline', async () => {
    const { fleet, worker } = await setup({ lane: { ageMsMax: 1_000 } });
    const deadline = new Date(fleet.clock.now() + 600_000).toISOString();
    await fleet.enqueue(1, { value: same('a') });
    await fleet.settleDown(worker, { forMs: 10_000, areEnding: false });
    await fleet.enqueue(1, { value: same('b'), headers: { [headerNames.deadline]: deadline } });
    await fleet.settleDown(worker, { forMs: 420_000, areEnding: false });
    assert.deepEqual(bought(fleet), ['0-0-0']);
    await fleet.settleDown(worker, { forMs: 120_000, areEnding: false });
    assert.deepEqual(bought(fleet), ['0-0-0', '0-1-1']);
    await fleet.settleDown(worker, { forMs: 60_000 });
    fleet.assertAnsweredOnce(2);
    assert.deepEqual(reusedFrom(fleet), [undefined, undefined]);
  });

  it('of a canceled run are dead letters at once, and others go on waiting', async () => {
    const { fleet, worker } = await setup({ lane: { ageMsMax: 1_000 } });
    await fleet.enqueue(1, { value: same('a') });
    await fleet.enqueue(1, { value: same('b'), headers: ofRun('r') });
    await fleet.enqueue(1, { value: same('c') });
    await fleet.settleDown(worker, { forMs: 10_000, areEnding: false });
    await fleet.append({ kind: 'CANCEL', run: 'r' });
    await fleet.settleDown(worker, { forMs: 60_000, areEnding: false });
    assert.deepEqual(
      fleet.results().map(({ rid, outcome }) => [rid, outcome]),
      [['0/1', 'canceled']],
    );
    await fleet.settleDown(worker, { forMs: 60_000 });
    fleet.assertAnsweredOnce(3);
    assert.deepEqual(bought(fleet), ['0-0-0']);
    assert.deepEqual(reusedFrom(fleet), [undefined, undefined, '0/0']);
  });

  it('are bought when the run that was buying for them is canceled', async () => {
    const { fleet, worker } = await setup();
    await fleet.append({ kind: 'CAP', scope: 'account:main:items', period: 'total', limit: 0 });
    await fleet.enqueue(1, { value: same('a'), headers: ofRun('r') });
    await fleet.enqueue(1, { value: same('b') });
    await fleet.settleDown(worker, { forMs: 60_000 });
    await fleet.append({ kind: 'CANCEL', run: 'r' });
    await fleet.append({ kind: 'CAP', scope: 'account:main:items', period: 'total', limit: null });
    await fleet.settleDown(worker, { forMs: 180_000 });
    fleet.assertAnsweredOnce(2);
    assert.deepEqual(
      byRid(fleet).map(({ outcome }) => outcome),
      ['canceled', 'succeeded'],
    );
  });

  it('are not held back by the cap of another run, and share within one', async () => {
    const { fleet, worker } = await setup();
    await fleet.append({ kind: 'CAP', scope: 'run:poor:money', period: 'total', limit: 1 });
    for (const id of ['a', 'b']) await fleet.enqueue(1, { value: same(id), headers: ofRun('poor') });
    await fleet.enqueue(1, { value: same('c') });
    await fleet.enqueue(1, { value: same('d') });
    await fleet.settleDown(worker, { forMs: 90_000 });
    assert.deepEqual(
      byRid(fleet).map(({ rid, reused_from: from }) => [rid, from]),
      [
        ['0/2', undefined],
        ['0/3', '0/2'],
      ],
    );
    await fleet.append({ kind: 'CAP', scope: 'run:poor:money', period: 'total', limit: null });
    await fleet.settleDown(worker, { forMs: 300_000 });
    fleet.assertAnsweredOnce(4);
    assert.deepEqual(bought(fleet).length, 2);
  });

  it('one of them with the idempotency key of the other is a duplicate, as without the cache', async () => {
    const { fleet, worker } = await setup();
    const headers = { [headerNames.idempotencyKey]: 'once' };
    await fleet.enqueue(1, { value: same('a'), headers });
    await fleet.enqueue(1, { value: same('b'), headers });
    await fleet.settleDown(worker, { forMs: 90_000 });
    assert.deepEqual(
      byRid(fleet).map(({ outcome }) => outcome),
      ['succeeded', 'duplicate'],
    );
  });

  it('are answered from the log when the worker dies, with its cache and all hints', async () => {
    const { fleet, worker } = await setup({ lane: { ageMsMax: 1_000 } });
    for (const id of ['a', 'b']) await fleet.enqueue(1, { value: same(id) });
    await fleet.settleDown(worker, { forMs: 20_000, areEnding: false });
    fleet.flushQueue();
    const lost = { find: async (_space: unknown, keys: readonly string[]) => keys.map(() => null) };
    Object.assign(fleet.answerStore, lost);
    const other = await fleet.worker();
    await fleet.settleDown(other, { forMs: 60_000 });
    fleet.assertAnsweredOnce(2);
    assert.deepEqual(bought(fleet), ['0-0-0']);
    assert.deepEqual(reusedFrom(fleet), [undefined, '0/0']);
  });

  it('are each bought without the setting, and no record says anything of it', async () => {
    const fleet = new TestFleet();
    const worker = await fleet.worker();
    for (const id of ['a', 'b']) await fleet.enqueue(1, { value: same(id) });
    await fleet.settleDown(worker, { forMs: 90_000 });
    assert.deepEqual(bought(fleet), ['0-0-0', '0-1-0']);
    const texts = (['journal', 'settled', 'results', 'recipes'] as const).flatMap(topic =>
      fleet.cluster.committed(topic, 0).map(({ value, headers }) => JSON.stringify([value.toString(), headers])),
    );
    assert.ok(texts.every(text => !/reus|request-key/.test(text)));
  });
});

describe('Reuse: documents with the same request later', () => {
  async function answeredOnce(options: TestFleetOptions = {}): Promise<{ fleet: TestFleet; worker: TestWorker }> {
    const made = await setup(options);
    await made.fleet.enqueue(1, { value: same('a') });
    await made.fleet.settleDown(made.worker, { forMs: 60_000 });
    return made;
  }

  it('get the answer that is kept, also at another worker', async () => {
    const { fleet } = await answeredOnce();
    const other = await fleet.worker();
    await fleet.enqueue(1, { value: same('b') });
    await fleet.settleDown(other, { forMs: 10_000 });
    fleet.assertAnsweredOnce(2);
    assert.deepEqual(reusedFrom(fleet), [undefined, '0/0']);
    assert.deepEqual(bought(fleet), ['0-0-0']);
    const { hits, misses, saved, bought: counted } = await fleet.answerStore.stats('summarise');
    assert.deepEqual([hits, misses, saved, counted], [1, 1, 1, 1]);
  });

  it('are bought after its time', async () => {
    const { fleet, worker } = await answeredOnce();
    await fleet.clock.advance(answers.ttlMs);
    await fleet.enqueue(1, { value: same('b') });
    await fleet.settleDown(worker, { forMs: 60_000 });
    fleet.assertAnsweredOnce(2);
    assert.deepEqual(reusedFrom(fleet), [undefined, undefined]);
  });

  it('are bought when the first has failed: failures are not kept', async () => {
    const { fleet, worker } = await setup();
    failNext(fleet, 'document');
    await fleet.enqueue(1, { value: same('a') });
    await fleet.settleDown(worker, { forMs: 60_000 });
    const replay = { [headerNames.replayOf]: '0/0', [headerNames.replayCount]: '1' };
    await fleet.enqueue(1, { value: same('a'), headers: replay });
    await fleet.settleDown(worker, { forMs: 60_000 });
    fleet.assertAnsweredOnce(2);
    assert.deepEqual(bought(fleet), ['0-0-0', '0-1-0']);
    assert.deepEqual(
      byRid(fleet).map(({ outcome }) => outcome),
      ['failed', 'succeeded'],
    );
  });

  it('get no answer that the cache claims and the log does not show', async () => {
    const { fleet, worker } = await answeredOnce();
    await fleet.enqueue(1, { value: taskLine('x') });
    await fleet.settleDown(worker, { forMs: 60_000 });
    const wrong = { rid: { partition: 0, offset: 1 }, partition: 0, from: 0 };
    const lying = { find: async (_space: unknown, keys: readonly string[]) => keys.map(() => wrong) };
    Object.assign(fleet.answerStore, lying);
    await fleet.enqueue(1, { value: taskLine('y') });
    await fleet.settleDown(worker, { forMs: 60_000 });
    fleet.assertAnsweredOnce(3);
    assert.deepEqual(reusedFrom(fleet), [undefined, undefined, undefined]);
    assert.equal(bought(fleet).at(-1), '0-2-1');
  });

  it('name the first purchase, not the one that was answered with it', async () => {
    const { fleet, worker } = await answeredOnce();
    for (const id of ['b', 'c']) {
      await fleet.enqueue(1, { value: same(id) });
      await fleet.settleDown(worker, { forMs: 20_000 });
    }
    assert.deepEqual(reusedFrom(fleet), [undefined, '0/0', '0/0']);
  });
});
