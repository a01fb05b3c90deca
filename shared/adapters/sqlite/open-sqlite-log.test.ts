import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openSqliteLog } from './open-sqlite-log.ts';

const documents = { topic: 'documents', partition: 0 } as const;
const records = (count: number, bytes = 10) =>
  Array.from({ length: count }, (_, index) => ({ key: `${index}`, value: Buffer.alloc(bytes, 'x'), headers: {} }));

async function setup(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'flotilla-sqlite-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

describe('openSqliteLog', () => {
  it('finds everything again after it was closed', async t => {
    const directory = await setup(t);
    const first = openSqliteLog({ directory, partitions: { settled: 8 } });
    const { offsets } = await first.append({ ...documents, records: records(3) });
    await first.commitPosition({ group: 'g', ...documents, offset: 2 });
    await first.close();
    const second = openSqliteLog({ directory });
    assert.equal(second.partitions('settled'), 8);
    assert.deepEqual(
      (await second.read({ ...documents, from: 0, recordsMax: 10 })).records.map(({ offset }) => offset),
      offsets,
    );
    assert.equal((await second.position('g', 'documents', 0))?.offset, 2);
    await second.close();
  });

  it('writes what was asked for before close, and refuses what comes after', async t => {
    const directory = await setup(t);
    const log = openSqliteLog({ directory });
    const fence = await log.fence(0);
    await fence.send([{ topic: 'results', partition: 0, records: records(1) }]);
    const appending = [log.append({ ...documents, records: records(1) }), fence.commit()];
    const waiting = log.waitForMore([{ ...documents, from: 100 }], 60_000);
    await log.close();
    await Promise.all([...appending, waiting]);
    await log.close();
    await assert.rejects(log.append({ ...documents, records: records(1) }), { code: 'log-unavailable' });
    await assert.rejects(log.read({ ...documents, from: 0, recordsMax: 1 }), { code: 'log-unavailable' });
  });

  it('wakes readers by its own appends without looking at the file', async t => {
    const directory = await setup(t);
    const log = openSqliteLog({ directory });
    for (let from = 0; from < 3; from++) {
      const waiting = log.waitForMore([{ ...documents, from }], 60_000);
      await sleep(60);
      await log.append({ ...documents, records: records(1) });
      await waiting;
    }
    await log.close();
  });

  it('refuses a file of a newer version, and changes nothing in it', async t => {
    const directory = await setup(t);
    const db = new DatabaseSync(join(directory, 'log.db'));
    db.exec('PRAGMA user_version=99');
    db.close();
    assert.throws(() => openSqliteLog({ directory }), { code: 'log-newer' });
  });

  it('says what to do about a damaged file', async t => {
    const directory = await setup(t);
    await writeFile(join(directory, 'log.db'), Buffer.alloc(100_000, 'no database '));
    assert.throws(() => openSqliteLog({ directory }), {
      code: 'log-unavailable',
      fix: /restore .*log\.db|move it away/,
    });
  });

  it('never returns a record whose bytes were damaged in the file', async t => {
    const directory = await setup(t);
    const first = openSqliteLog({ directory });
    await first.append({ ...documents, records: records(50, 2_000) });
    await first.close();
    const path = join(directory, 'log.db');
    const bytes = await readFile(path);
    bytes[bytes.indexOf('x'.repeat(1_500)) + 700] = 0;
    await writeFile(path, bytes);
    const log = openSqliteLog({ directory });
    await assert.rejects(log.read({ ...documents, from: 0, recordsMax: 10 }), {
      code: 'log-unavailable',
      why: /damaged/,
    });
    await log.close();
  });

  it('lets several processes make the file at the same time', async t => {
    const directory = await setup(t);
    const script = `
      const { openSqliteLog } = await import(${JSON.stringify(import.meta.resolve('./open-sqlite-log.ts'))});
      const log = openSqliteLog({ directory: ${JSON.stringify(directory)} });
      for (let n = 0; n < 20; n++) await log.append({ topic: 'documents', partition: 0,
        records: [{ key: null, value: Buffer.from('x'), headers: {} }] });
      await log.close();`;
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
    await Promise.all([run(), run(), run(), run()]);
    const log = openSqliteLog({ directory });
    assert.equal((await log.read({ ...documents, from: 0, recordsMax: 1_000 })).records.length, 80);
    await log.close();
  });

  it('fails with disk-full when nothing fits any more, keeps what it has, and goes on when something was pruned', async t => {
    const directory = await setup(t);
    const log = openSqliteLog({ directory, bytesMax: 2 * 1024 * 1024 });
    const appendLarge = () => log.append({ ...documents, records: records(1, 400_000) });
    const offsets = [(await appendLarge()).offsets[0]!];
    const filling = async (): Promise<never> => {
      for (;;) offsets.push((await appendLarge()).offsets[0]!);
    };
    await assert.rejects(filling(), { code: 'disk-full', isRetryable: true });
    const { records: kept } = await log.read({ ...documents, from: 0, recordsMax: 100 });
    assert.deepEqual(
      kept.map(({ offset }) => offset),
      offsets,
    );
    await log.prune({ ...documents, below: offsets[1]! });
    await appendLarge();
    await log.close();
  });

  it('splits a large append into rows, and reads it back as one', async t => {
    const directory = await setup(t);
    const log = openSqliteLog({ directory, gaps: () => 1 });
    const { offsets } = await log.append({ ...documents, records: records(40, 100_000) });
    const db = new DatabaseSync(log.path, { readOnly: true });
    const rows = db.prepare('SELECT length(batch) AS bytes FROM "documents/0"').all() as { bytes: number }[];
    db.close();
    assert.ok(rows.length > 3 && rows.every(({ bytes }) => bytes < 1.1 * 1024 * 1024));
    const { records: read, nextOffset } = await log.read({ ...documents, from: 0, recordsMax: 100 });
    assert.deepEqual(
      read.map(({ offset }) => offset),
      offsets,
    );
    assert.equal(nextOffset, await log.endOffset('documents', 0));
    assert.ok((await log.readAt({ ...documents, offsets })).every((record, index) => record?.key === `${index}`));
    await log.close();
  });
});

describe('prune', () => {
  it('deletes rows that lie entirely below, for every process; readers begin at the oldest, readAt finds null', async t => {
    const directory = await setup(t);
    const log = openSqliteLog({ directory });
    const other = openSqliteLog({ directory });
    for (let round = 0; round < 5; round++) await log.append({ ...documents, records: records(10, 5_000) });
    const before = await log.bytes();
    await log.prune({ ...documents, below: 25 });
    assert.equal(await log.oldestOffset('documents', 0), 20);
    for (const reader of [log, other]) {
      const { records: read, nextOffset } = await reader.read({ ...documents, from: 0, recordsMax: 5 });
      assert.equal(read[0]?.offset, 20);
      assert.equal(nextOffset, 25);
      assert.deepEqual(
        (await reader.readAt({ ...documents, offsets: [0, 19, 20] })).map(r => r?.offset),
        [undefined, undefined, 20],
      );
    }
    assert.ok((await log.bytes()) < before);
    await log.close();
    await other.close();
  });

  it('keeps the end, whatever is pruned', async t => {
    const directory = await setup(t);
    const log = openSqliteLog({ directory });
    for (let round = 0; round < 600; round++) await log.append({ ...documents, records: records(2) });
    await log.prune({ ...documents, below: Number.MAX_SAFE_INTEGER });
    assert.equal(await log.endOffset('documents', 0), 1_200);
    assert.equal(await log.oldestOffset('documents', 0), 1_198);
    assert.deepEqual((await log.append({ ...documents, records: records(1) })).offsets, [1_200]);
    await log.close();
  });
});
