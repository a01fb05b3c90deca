import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BatchProvider, CreateOutcome, ResultLine } from '#ports/batch-provider.ts';
import type { FaultKind, FaultPlan, FaultRule } from './faults/fault-kinds.ts';
import { SimulatorMachine } from './machine/simulator-machine.ts';
import { createSimulatedProvider } from './simulated-provider.ts';
import { createMemoryStore } from './store/memory-store.ts';

const start = Date.parse('2026-11-21T18:00:00Z');

function setup(faults: FaultPlan = {}) {
  const clock = { now: start };
  const scheduled: { delayMs: number; run: () => void }[] = [];
  const latency = { minMs: 1_000, maxMs: 1_000 };
  const machine = new SimulatorMachine({ store: createMemoryStore(), latency, faults });
  const provider = createSimulatedProvider({
    machine,
    workspace: 'w',
    now: () => clock.now,
    schedule: (delayMs, run) => void scheduled.push({ delayMs, run }),
  });
  const create = (signal = new AbortController().signal): Promise<CreateOutcome> =>
    provider.create({ label: { fleet: 'f', bk: 'b', sub: 1 }, isInTime: () => true, items: items(10) }, signal);
  return { clock, scheduled, machine, provider, create };
}

function items(count: number) {
  const params = { model: 'claude-haiku-5-5', max_tokens: 100, messages: [{ role: 'user', content: 'a document' }] };
  return Array.from({ length: count }, (_, index) => ({ customId: `c-${index}`, body: JSON.stringify(params) }));
}

const always = (kind: FaultKind, rule: FaultRule = {}): FaultPlan => ({ [kind]: { probability: 1, ...rule } });

async function linesOf(provider: BatchProvider, pid: string): Promise<ResultLine[]> {
  const read = await provider.results(pid);
  assert.equal(read.status, 'ended');
  return Array.fromAsync((read as Extract<typeof read, { status: 'ended' }>).lines);
}

async function ended(faults: FaultPlan) {
  const bundle = setup(faults);
  const outcome = await bundle.create();
  assert.equal(outcome.status, 'created');
  bundle.clock.now += 2_000;
  return { ...bundle, pid: (outcome as Extract<CreateOutcome, { status: 'created' }>).pid };
}

describe('createSimulatedProvider', () => {
  it('creates, lists and reads back', async () => {
    const { provider, clock, create } = setup();
    const created = await create();
    assert.equal(created.status, 'created');
    const running = await provider.list({ limit: 10 });
    assert.deepEqual(
      running.batches.map(({ hasEnded, itemCount, rawStatus }) => ({ hasEnded, itemCount, rawStatus })),
      [{ hasEnded: false, itemCount: 10, rawStatus: 'in_progress' }],
    );
    const pid = running.batches[0]?.pid ?? '';
    assert.equal((await provider.results(pid)).status, 'running');
    assert.equal((await provider.results('msgbatch_none')).status, 'not-found');
    clock.now += 1_000;
    const lines = await linesOf(provider, pid);
    assert.equal(new Set(lines.map(line => line.type === 'succeeded' && line.customId)).size, 10);
    assert.equal((await provider.list({ limit: 1 })).facts.serverDate, start + 1_000);
  });

  const createFaults: [FaultKind, string, batches: number][] = [
    ['create-not-connected', 'refused not-connected', 0],
    ['create-refuse-400', 'refused account', 0],
    ['create-refuse-401', 'refused account', 0],
    ['create-refuse-402', 'refused account', 0],
    ['create-refuse-403', 'refused account', 0],
    ['create-refuse-413', 'refused too-large', 0],
    ['create-refuse-413-html', 'refused too-large', 0],
    ['create-refuse-429', 'refused rate-limited', 0],
    ['create-refuse-529', 'refused overloaded', 0],
    ['create-refuse-500', 'ambiguous', 0],
    ['create-drop-before', 'ambiguous', 0],
    ['create-accept-then-drop', 'ambiguous', 1],
    ['create-accept-then-502', 'ambiguous', 1],
    ['create-hang', 'ambiguous', 0],
    ['create-accept-then-hang', 'ambiguous', 1],
  ];
  for (const [kind, seen, batches] of createFaults) {
    it(`${kind}: ${seen}, ${batches} made`, async () => {
      const { create, machine } = setup(always(kind));
      const abort = new AbortController();
      const pending = create(abort.signal);
      abort.abort();
      const outcome = await pending;
      assert.equal(outcome.status === 'refused' ? `refused ${outcome.reason}` : outcome.status, seen);
      assert.equal(machine.batches(start).length, batches);
      assert.equal(machine.faults.counts()[kind], 1);
    });
  }

  it('create-accept-late: lands when the schedule runs', async () => {
    const { create, scheduled, machine } = setup(always('create-accept-late', { delayMs: 5_000 }));
    assert.equal((await create()).status, 'ambiguous');
    assert.equal(machine.batches(start).length, 0);
    assert.equal(scheduled[0]?.delayMs, 5_000);
    scheduled[0]?.run();
    assert.equal(machine.batches(start).length, 1);
  });

  const passing: [FaultKind, isSpoilt: (lines: ResultLine[]) => boolean][] = [
    ['results-short-read', lines => lines.length < 10],
    ['results-drop-lines', lines => lines.length === 9],
    ['results-cut-mid-line', lines => lines.at(-1)?.type === 'unreadable'],
    ['results-malformed-line', lines => lines.length === 10 && lines.some(line => line.type === 'unreadable')],
    ['results-duplicate-line', lines => lines.length === 11 && ids(lines).size === 10],
    ['results-unknown-id', lines => ids(lines).has('nobody-sent-this')],
    ['results-swap-ids', lines => lines.length === 10 && ids(lines).has('of-another-batch')],
    ['results-swap-within', lines => lines.length === 10 && ids(lines).size === 10],
  ];
  for (const [kind, isSpoilt] of passing) {
    it(`${kind}: spoils two reads, then the batch reads true`, async () => {
      const { provider, pid, machine } = await ended(always(kind));
      for (let read = 0; read < 2; read += 1) assert.ok(isSpoilt(await linesOf(provider, pid)));
      const lines = await linesOf(provider, pid);
      assert.equal(lines.length, 10);
      assert.equal(ids(lines).size, 10);
      assert.equal(machine.faults.counts()[kind], 2);
    });
  }

  it('results-reset: throws in the middle', async () => {
    const { provider, pid } = await ended(always('results-reset'));
    await assert.rejects(linesOf(provider, pid), { code: 'provider-unavailable' });
  });

  it('results-404 and results-503 pass', async () => {
    const { provider, pid } = await ended({ 'results-404': { calls: [1] }, 'results-503': { calls: [1] } });
    assert.equal((await provider.results(pid)).status, 'not-found');
    await assert.rejects(provider.results(pid), { code: 'provider-unavailable' });
    assert.equal((await linesOf(provider, pid)).length, 10);
  });

  it('results-lose-lines: the lines stay lost and are billed; results-huge-line: too large at every read', async () => {
    const { provider, pid, machine, clock } = await ended({
      ...always('results-lose-lines', { lines: 3 }),
      ...always('results-huge-line'),
    });
    for (let read = 0; read < 4; read += 1) assert.equal((await linesOf(provider, pid)).length, 7);
    assert.equal(machine.invoicePage({ now: clock.now }).totals.rowCount, 10);
    const lost = await ended(always('results-huge-line'));
    const lines = await linesOf(lost.provider, lost.pid);
    assert.equal(lines.filter(line => line.type === 'too-large').length, 1);
  });

  it('list-lag hides a new batch for a while; list-small-page and list-missing-newest show less of it', async () => {
    const lag = setup(always('list-lag', { delayMs: 5_000 }));
    await lag.create();
    assert.equal((await lag.provider.list({ limit: 10 })).batches.length, 0);
    lag.clock.now += 5_000;
    assert.equal((await lag.provider.list({ limit: 10 })).batches.length, 1);
    const small = setup(always('list-small-page'));
    await small.create();
    await small.create();
    const page = await small.provider.list({ limit: 10 });
    assert.deepEqual([page.batches.length, page.nextCursor], [1, page.batches[0]?.pid]);
    const missing = setup({ 'list-missing-newest': { calls: [1] } });
    await missing.create();
    assert.equal((await missing.provider.list({ limit: 10 })).batches.length, 0);
    assert.equal((await missing.provider.list({ limit: 10 })).batches.length, 1);
  });

  it('classifies what happens to items', async () => {
    const kinds: [FaultKind, string][] = [
      ['item-transient', 'errored transient'],
      ['item-account', 'errored account'],
      ['item-refusal', 'succeeded refused'],
      ['item-truncated', 'succeeded truncated'],
      ['item-invalid-output', 'succeeded complete'],
    ];
    for (const [kind, seen] of kinds) {
      const { provider, pid } = await ended(always(kind));
      for (const line of await linesOf(provider, pid)) {
        const how = line.type === 'errored' ? line.errorClass : line.type === 'succeeded' ? line.answer.finish : '';
        assert.equal(`${line.type} ${how}`, seen);
      }
    }
    const { provider, pid } = await ended(always('batch-account', { share: 0.5 }));
    const refused = (await linesOf(provider, pid)).filter(
      line => line.type === 'errored' && line.errorClass === 'account',
    );
    assert.ok(refused.length >= 1 && refused.length <= 9);
  });
});

function ids(lines: ResultLine[]): Set<string> {
  return new Set(lines.flatMap(line => ('customId' in line ? [line.customId] : [])));
}
