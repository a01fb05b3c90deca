import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { createMemoryCluster, type MemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { openSqliteLog } from '#adapters/sqlite/open-sqlite-log.ts';
import { encodeJournal } from '#contracts/journal-codec.ts';
import { encodeSettled } from '#contracts/settled-codec.ts';
import { headerNames } from '#core/headers.ts';
import type { SettledRecord } from '#core/settled.ts';
import type { Log } from '#ports/log.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { shardOf } from '#services/poller/settle-shard.ts';
import { interleave, type LogEntry, logArbitrary } from '#test/support/journal-arbitrary.ts';
import { closed, created, intent, plainView, released, sealed, settledOf } from '#test/support/journal-records.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { findDocuments } from './find-documents.ts';
import { Projection, type ProjectionBounds, projectionBounds } from './projection.ts';
import { readFigures } from './read-figures.ts';

const figureBounds = { openMax: 50, settledMax: 50, causesMax: 50 };

function setup(test: TestContext): { path: string; cluster: MemoryCluster; log: Log } {
  const folder = makeTemporaryFolder('projection');
  test.after(folder.remove);
  let now = 1_000_000;
  const cluster = createMemoryCluster({ partitions: { documents: 2, settled: 2 }, now: () => (now += 1) });
  return { path: join(folder.path, 'projection.db'), cluster, log: cluster.connect() };
}

async function toEnd(projection: Projection): Promise<Projection> {
  while (!(await projection.advance()));
  return projection;
}

/** All that a projection says, but for the snapshot, which is about a start and not about the log. */
function dump({ db }: Projection): Record<string, unknown> {
  const tables = ['positions', 'fleet', 'batches', 'items', 'documents', 'totals', 'causes', 'recipes', 'answered'];
  tables.push('spend', 'prime_spend', 'answer_tokens');
  return Object.fromEntries(tables.map(name => [name, db.prepare(`SELECT * FROM ${name}`).all()]));
}

async function rebuilt(log: Log, bounds: ProjectionBounds = projectionBounds): Promise<Record<string, unknown>> {
  const folder = makeTemporaryFolder('projection');
  const projection = await toEnd(await Projection.open({ path: join(folder.path, 'p.db'), log, bounds }));
  const all = { ...dump(projection), view: plainView(projection.view) };
  projection.close();
  folder.remove();
  return all;
}

async function append(log: Log, entry: LogEntry): Promise<void> {
  const { record } = entry;
  const journal = {
    key: null,
    value: entry.is === 'journal' ? encodeJournal(entry.record) : Buffer.from(''),
    headers: {},
  };
  if (entry.is === 'journal') await log.append({ topic: 'journal', partition: 0, records: [journal] });
  else await settle(log, record as SettledRecord);
}

/** A settled record, with an answer for what it says is done or dead. */
async function settle(log: Log, record: SettledRecord): Promise<void> {
  const shard = shardOf(record.bk, log.partitions('settled'));
  const answer = (p: number, o: number, cause: string | null) => ({
    key: `c-${p}-${o}`,
    value: Buffer.from(
      JSON.stringify(cause === null ? { outcome: 'succeeded' } : { cause, class: 'document', message: `why ${o}` }),
    ),
    headers: {
      [headerNames.rid]: `${p}/${o}`,
      [headerNames.outcome]: cause === null ? 'succeeded' : 'failed',
      [headerNames.bk]: record.bk,
    },
  });
  const results = [
    ...record.done.map(([p, o]) => answer(p, o, null)),
    ...record.dead.map(([p, o, cause]) => answer(p, o, cause)),
  ];
  const letters = record.dead.map(([p, o, cause]) => answer(p, o, cause));
  const fence = await log.fence(shard);
  await fence.send([
    ...(results.length > 0 ? [{ topic: 'results', partition: 0, records: results } as const] : []),
    ...(letters.length > 0 ? [{ topic: 'dead-letters', partition: 0, records: letters } as const] : []),
    { topic: 'settled', partition: shard, records: [{ key: record.bk, value: encodeSettled(record), headers: {} }] },
  ]);
  await fence.commit();
}

async function appendDocuments(log: Log, partition: number, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, index) => {
    return { key: null, value: Buffer.from(`{"custom_id":"c-${partition}-${index}","x":1}`), headers: {} };
  });
  await log.append({ topic: 'documents', partition, records });
}

describe('Projection', () => {
  it('of a prefix, and what follows, is what a full rebuild makes; its open batches are those of the view', async t => {
    const samples = fc.sample(fc.tuple(logArbitrary(), fc.array(fc.boolean()), fc.nat(100), fc.nat(6)), {
      numRuns: 60,
      seed: 4,
    });
    for (const [sample, order, cutPercent, batchesKept] of samples) {
      const { path, log } = setup(t);
      const bounds = { documentsKept: 4, batchesKept };
      const entries = interleave(sample, order);
      const cut = Math.floor((entries.length * cutPercent) / 100);
      await appendDocuments(log, 0, 4);
      for (const entry of entries.slice(0, cut)) await append(log, withAnswers(entry));
      const first = await toEnd(await Projection.open({ path, log, bounds }));
      first.close();
      await appendDocuments(log, 1, 7);
      for (const entry of entries.slice(cut)) await append(log, withAnswers(entry));
      const projection = await toEnd(await Projection.open({ path, log, bounds }));
      const all = { ...dump(projection), view: plainView(projection.view) };
      assert.deepEqual(all, await rebuilt(log, bounds));

      const follower = new ViewFollower(log);
      await follower.catchUpAll();
      assert.deepEqual(plainView(projection.view), plainView(follower.view));
      assert.deepEqual(countsByState(projection), countsOfView(follower));
      projection.close();
    }
  });

  it('knows where a document is, by its custom_id and by its rid, at every step', async t => {
    const { path, log } = setup(t);
    const projection = await Projection.open({ path, log });
    const find = async (name: string) => {
      await toEnd(projection);
      return findDocuments(projection, name, 10);
    };
    const journal = (...records: Parameters<typeof encodeJournal>[0][]) =>
      Promise.all(records.map(record => append(log, { is: 'journal', record: { ...record, at: 0 } })));
    await appendDocuments(log, 1, 3);
    assert.deepEqual(
      (await find('c-1-2')).map(({ rid, batches, answer }) => [rid, batches, answer]),
      [['1/2', [], null]],
    );
    await journal(sealed('b1', { items: [[1, 2, 0, 0]] }), intent('b1'), created('b1'));
    const [atProvider] = await find('1/2');
    assert.deepEqual(
      atProvider?.batches.map(({ bk, state, pid, att }) => [bk, state, pid, att]),
      [['b1', 'created', 'pid-b1-1', 0]],
    );
    const row = { p: 1, o: 2, att: 1, charged: 1, uncharged: 0, notBefore: 77, cause: 'missing', runs: [] } as const;
    await settle(log, { ...settledOf('b1'), retry: [row] });
    assert.equal((await find('1/2'))[0]?.retryDueAt, 77);
    await journal(sealed('b2', { items: [[1, 2, 1, 1]] }), closed('b2'));
    await settle(log, { ...settledOf('b2'), dead: [[1, 2, 'deadline']] });
    const [answered] = await find('c-1-2');
    assert.deepEqual(
      answered?.batches.map(({ bk, state }) => [bk, state]),
      [
        ['b1', 'created'],
        ['b2', 'closed'],
      ],
    );
    assert.equal(answered?.retryDueAt, null);
    assert.deepEqual(answered?.answer?.cause, 'deadline');
    assert.deepEqual([answered?.answer?.place, answered?.answer?.deadLetter], ['0/0', '0/0']);
    assert.deepEqual(await find('c-9-9'), []);
    projection.close();
  });

  it('keeps the newest documents and settled batches one by one, and counts the others', async t => {
    const { path, log } = setup(t);
    const projection = await Projection.open({ path, log, bounds: { documentsKept: 10, batchesKept: 3 } });
    await appendDocuments(log, 0, 25);
    for (let number = 0; number < 25; number++) {
      const bk = `b${number}`;
      for (const record of [sealed(bk, { items: [[0, number, 0, 0]] }), intent(bk), created(bk), released(bk)]) {
        await append(log, { is: 'journal', record: { ...record, at: 0 } });
      }
      const runs = { r: { cost: 3, individual: 7 } };
      await settle(log, { ...settledOf(bk), runs, ...(number % 5 === 0 ? dead(number) : { done: [[0, number]] }) });
      await toEnd(projection);
    }
    const { totals, causes, settled, open } = readFigures(projection, figureBounds);
    assert.deepEqual([open.length, settled.map(({ bk }) => bk)], [0, ['b24', 'b23', 'b22']]);
    const { documents, succeeded, dead: failed, settledBatches, billed, individual } = totals;
    assert.deepEqual([documents, succeeded, failed, settledBatches, billed, individual], [25, 20, 5, 25, 75, 175]);
    assert.deepEqual(
      causes.map(({ cause, count, sample }) => [cause, count, sample.rid]),
      [['refused', 5, '0/20']],
    );
    const count = (table: string) => projection.db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;
    assert.deepEqual([count('documents'), count('items'), count('batches')], [10, 3, 3]);
    assert.deepEqual(findDocuments(projection, 'c-0-1', 10), []);
    projection.close();
  });

  it('counts the first answer of a document, and every other as a copy', async t => {
    const { path, log } = setup(t);
    await appendDocuments(log, 0, 2);
    await settle(log, { ...settledOf('b1'), done: [[0, 0]] });
    await settle(log, { ...settledOf('b1'), done: [[0, 0]] });
    const first = await toEnd(await Projection.open({ path, log }));
    first.close();
    await settle(log, { ...settledOf('b1'), done: [[0, 0]] }); // after a restart too
    const projection = await toEnd(await Projection.open({ path, log }));
    const { succeeded, copies } = projection.totals.read();
    assert.deepEqual([succeeded, copies], [1, 2]);
    projection.close();
  });

  it('begins anew when its file is gone, damaged, of another version or of another log', async t => {
    const { path, log } = setup(t);
    await appendDocuments(log, 0, 3);
    await append(log, { is: 'journal', record: { ...fleet('fleeta'), at: 0 } });
    const expected = await rebuilt(log);
    const reopen = async (): Promise<Record<string, unknown>> => {
      const projection = await toEnd(await Projection.open({ path, log }));
      const all = { ...dump(projection), view: plainView(projection.view) };
      projection.close();
      return all;
    };
    assert.deepEqual(await reopen(), expected);
    rmSync(path);
    assert.deepEqual(await reopen(), expected);
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    writeFileSync(path, 'no database '.repeat(1_000));
    assert.deepEqual(await reopen(), expected);
    const versioned = await Projection.open({ path, log });
    versioned.db.exec('PRAGMA user_version = 99');
    versioned.close();
    assert.deepEqual(await reopen(), expected);

    const { log: other } = setup(t);
    await appendDocuments(other, 0, 5);
    await append(other, { is: 'journal', record: { ...fleet('fleetb'), at: 0 } });
    const moved = await toEnd(await Projection.open({ path, log: other }));
    assert.deepEqual({ ...dump(moved), view: plainView(moved.view) }, await rebuilt(other));
    moved.close();
  });

  it('gives a second process beside it a file of its own', async t => {
    const { path, log } = setup(t);
    await appendDocuments(log, 0, 3);
    const [one, two] = [await Projection.open({ path, log }), await Projection.open({ path, log })];
    assert.notEqual(one.path, two.path);
    await toEnd(one);
    await toEnd(two);
    assert.deepEqual(dump(one), dump(two));
    one.close();
    two.close();
  });
});

/** Folds in small transactions for ever, and says each. */
const writer = (directory: string, path: string): string => `
  const { openSqliteLog } = await import(${JSON.stringify(import.meta.resolve('#adapters/sqlite/open-sqlite-log.ts'))});
  const { Projection } = await import(${JSON.stringify(import.meta.resolve('./projection.ts'))});
  const log = openSqliteLog({ directory: ${JSON.stringify(directory)} });
  const read = log.read.bind(log);
  log.read = query => read({ ...query, recordsMax: 3 });
  const projection = await Projection.open({ path: ${JSON.stringify(path)}, log, bounds: { documentsKept: 500, batchesKept: 20 } });
  for (;;) {
    const isAtEnd = await projection.advance();
    process.stdout.write('.');
    if (isAtEnd) { process.stdout.write('end'); await new Promise(resolve => setTimeout(resolve, 1e9)); }
  }`;

describe('kill -9 while projecting', () => {
  it('leaves the projection of a prefix, from which the next start goes on', async t => {
    const folder = makeTemporaryFolder('projection-kill');
    t.after(folder.remove);
    const path = join(folder.path, 'projection.db');
    const log = openSqliteLog({ directory: folder.path, partitions: { settled: 1 } });
    t.after(() => log.close());
    await appendDocuments(log, 0, 1_200);
    for (let number = 0; number < 120; number++) {
      const bk = `b${number}`;
      const items = Array.from({ length: 10 }, (_, index) => [0, 10 * number + index, 0, 0] as const);
      for (const record of [sealed(bk, { items }), intent(bk), created(bk), released(bk)]) {
        await append(log, { is: 'journal', record: { ...record, at: 0 } });
      }
      const runs = { r: { cost: 5, individual: 10 } };
      await settle(log, { ...settledOf(bk), runs, done: items.map(([p, o]) => [p, o]) });
    }
    let steps = 0;
    let hasEnded = false;
    for (let round = 0; round < 12 && !hasEnded; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', writer(folder.path, path)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let dots = 0;
      for await (const text of child.stdout as AsyncIterable<Buffer>) {
        dots += text.toString().split('.').length - 1;
        hasEnded ||= text.includes('end');
        if (dots > 5 + round * 3 || hasEnded) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      steps += dots;
    }
    assert.ok(steps > 30, `only ${steps} steps`);
    const bounds = { documentsKept: 500, batchesKept: 20 };
    const projection = await toEnd(await Projection.open({ path, log, bounds }));
    assert.deepEqual({ ...dump(projection), view: plainView(projection.view) }, await rebuilt(log, bounds));
    assert.equal(projection.totals.read().billed, 600);
    projection.close();
  });
});

const dead = (offset: number) => ({ dead: [[0, offset, 'refused']] as [number, number, 'refused'][] });

const fleet = (name: string) => ({ kind: 'FLEET' as const, fleet: name, partitions: 2, settledPartitions: 2 });

/** Settled records of the arbitrary answer nothing: here each answers what depends on its batch. */
function withAnswers(entry: LogEntry): LogEntry {
  if (entry.is === 'journal') return entry;
  const number = Number(entry.record.bk.slice(1));
  const runs = { A: { cost: number, individual: 2 * number } };
  const answers = number % 2 === 0 ? { done: [[0, number % 5]] as [number, number][] } : dead(number % 5);
  return { is: 'settled', record: { ...entry.record, ...answers, runs, cost: number === 3 ? null : number } };
}

const countsByState = (projection: Projection): [string, number, number][] =>
  readFigures(projection, figureBounds).states.map(({ state, batches, items }) => [state, batches, items]);

function countsOfView({ view }: ViewFollower): [string, number, number][] {
  const open = [...view.batches.values()].filter(({ settled }) => !settled);
  return [...Map.groupBy(open, ({ state }) => state.is)]
    .map(([state, batches]): [string, number, number] => {
      return [state, batches.length, batches.reduce((sum, { items }) => sum + items.length, 0)];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
