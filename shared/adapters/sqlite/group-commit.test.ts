import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { createInlineWriter } from './create-inline-writer.ts';
import { GroupCommit } from './group-commit.ts';
import type { GroupWriter, LogWrite } from './log-write.ts';
import { openDatabase } from './open-database.ts';
import { WriterThread } from './writer-thread.ts';

const partitions = { documents: 1, results: 1, 'dead-letters': 1, journal: 1, settled: 1, recipes: 1 };

/** A write that can be found again: the position of a group with that number. */
const put = (number: number): LogWrite => {
  const position = { group: `${number}`, topic: 'documents', partition: 0, offset: 0 } as const;
  const part = { topic: 'documents' as const, partition: 0, positions: [position], rows: [], sizeBytes: 0 };
  return { is: 'append', parts: [part], fence: null };
};
const broken: LogWrite = { is: 'prune', topic: 'documents', partition: 99, below: 1, rowsMax: 1 };
const overtaken: LogWrite = { is: 'append', parts: [], fence: { shard: 0, epoch: 7 } };

type MakeWriter = (db: DatabaseSync, path: string) => GroupWriter;

async function setup(t: TestContext, makeWriter: MakeWriter) {
  const directory = await mkdtemp(join(tmpdir(), 'flotilla-group-'));
  const path = join(directory, 'log.db');
  const db = openDatabase(path, { partitions, bytesMax: null });
  const writer = makeWriter(db, path);
  const groups: number[] = [];
  const counting: GroupWriter = {
    write: group => {
      groups.push(group.length);
      return writer.write(group);
    },
    close: () => writer.close(),
  };
  const group = new GroupCommit({ writer: counting, path, ended: () => {} });
  t.after(async () => {
    await group.close();
    await writer.close();
    db.close();
    await rm(directory, { recursive: true });
  });
  const numbers = () =>
    db
      .prepare('SELECT consumer FROM positions ORDER BY consumer')
      .all()
      .map(row => Number(row.consumer));
  return { group, path, groups, numbers };
}

function describeGroupCommit(name: string, makeWriter: MakeWriter): void {
  describe(`GroupCommit, ${name}`, () => {
    it('writes all that was asked for in one turn in one transaction', async t => {
      const { group, groups, numbers } = await setup(t, makeWriter);
      await Promise.all([group.write(put(1)), Promise.resolve().then(() => group.write(put(2))), group.write(put(3))]);
      assert.deepEqual(groups, [3]);
      await group.write(put(4));
      assert.deepEqual(groups, [3, 1]);
      assert.deepEqual(numbers(), [1, 2, 3, 4]);
    });

    it('gathers what comes while a group is written, and goes on with it by itself', async t => {
      const { group, groups, numbers } = await setup(t, makeWriter);
      const first = group.write(put(1));
      while (groups.length === 0) await new Promise(setImmediate);
      await Promise.all([first, group.write(put(2)), group.write(put(3))]);
      assert.ok(groups.length <= 2);
      assert.deepEqual(numbers(), [1, 2, 3]);
    });

    it('refuses a write under an old fence for itself alone', async t => {
      const { group, numbers } = await setup(t, makeWriter);
      const [, refused] = await Promise.all([group.write(put(1)), group.write(overtaken), group.write(put(2))]);
      assert.deepEqual(refused, { is: 'fenced' });
      assert.deepEqual(numbers(), [1, 2]);
    });

    it('writes nothing of a group when the database fails in it, and goes on', async t => {
      const { group, numbers } = await setup(t, makeWriter);
      await group.write(put(1));
      const results = await Promise.allSettled([group.write(put(2)), group.write(broken), group.write(put(3))]);
      assert.deepEqual(
        results.map(result => result.status === 'rejected' && result.reason.code),
        ['log-unavailable', 'log-unavailable', 'log-unavailable'],
      );
      await group.write(put(4));
      assert.deepEqual(numbers(), [1, 4]);
    });

    it('splits what is too much for one transaction', async t => {
      const { group, groups, numbers } = await setup(t, makeWriter);
      const sizeBytes = 20 * 1024 * 1024;
      await Promise.all([1, 2, 3, 4].map(number => group.write(put(number), { sizeBytes })));
      assert.deepEqual(groups, [2, 2]);
      assert.deepEqual(numbers(), [1, 2, 3, 4]);
    });
  });
}

describeGroupCommit('inline', db => createInlineWriter(db, Date.now));
describeGroupCommit('in a thread', (_, path) => new WriterThread({ path, bytesMax: null }));

describe('GroupCommit', () => {
  it('is retryable when another process has the write lock for too long', async t => {
    const { group, path } = await setup(t, db => {
      db.exec('PRAGMA busy_timeout=0');
      return createInlineWriter(db, Date.now);
    });
    const other = new DatabaseSync(path);
    t.after(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    await assert.rejects(group.write(put(1)), { code: 'log-unavailable', isRetryable: true });
    other.exec('ROLLBACK');
    await group.write(put(1));
  });
});
