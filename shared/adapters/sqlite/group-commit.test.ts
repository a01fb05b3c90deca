import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { GroupCommit } from './group-commit.ts';

async function setup(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'flotilla-group-'));
  const path = join(directory, 'test.db');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode=WAL; CREATE TABLE numbers (number INTEGER PRIMARY KEY) STRICT');
  const insert = db.prepare('INSERT INTO numbers VALUES (?)');
  let transactions = 0;
  const began = (): void => {
    transactions += 1;
  };
  const group = new GroupCommit({ db, path, began, ended: () => {} });
  t.after(async () => {
    group.close();
    db.close();
    await rm(directory, { recursive: true });
  });
  const write = (number: number) => group.write({ run: () => insert.run(number).changes });
  const numbers = () =>
    db
      .prepare('SELECT number FROM numbers ORDER BY number')
      .all()
      .map(row => row.number);
  return { group, db, insert, write, numbers, transactions: () => transactions };
}

describe('GroupCommit', () => {
  it('writes all that was asked for in one turn in one transaction', async t => {
    const { write, numbers, transactions } = await setup(t);
    await Promise.all([write(1), Promise.resolve().then(() => write(2)), write(3)]);
    assert.equal(transactions(), 1);
    await write(4);
    assert.equal(transactions(), 2);
    assert.deepEqual(numbers(), [1, 2, 3, 4]);
  });

  it('lets a write refuse for itself alone', async t => {
    const { group, write, numbers } = await setup(t);
    const refused = group.write({
      run: () => {
        throw new FlotillaError('fenced');
      },
    });
    await Promise.all([write(1), assert.rejects(refused, { code: 'fenced' }), write(2)]);
    assert.deepEqual(numbers(), [1, 2]);
  });

  it('writes nothing of a group when the database fails in it, and goes on', async t => {
    const { write, numbers } = await setup(t);
    await write(1);
    const results = await Promise.allSettled([write(2), write(1), write(3)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    await write(4);
    assert.deepEqual(numbers(), [1, 4]);
  });

  it('splits what is too much for one transaction', async t => {
    const { group, insert, numbers, transactions } = await setup(t);
    const sizeBytes = 20 * 1024 * 1024;
    await Promise.all([1, 2, 3, 4].map(number => group.write({ sizeBytes, run: () => insert.run(number) })));
    assert.equal(transactions(), 2);
    assert.deepEqual(numbers(), [1, 2, 3, 4]);
  });

  it('writes lazy writes with the next one, or at close', async t => {
    const { group, insert, write, numbers, transactions } = await setup(t);
    group.writeLazily(() => insert.run(1));
    await new Promise(setImmediate);
    assert.deepEqual(numbers(), []);
    await write(2);
    assert.equal(transactions(), 1);
    group.writeLazily(() => insert.run(3));
    group.close();
    assert.deepEqual(numbers(), [1, 2, 3]);
  });

  it('is retryable when another process has the write lock for too long', async t => {
    const { db, write } = await setup(t);
    const other = new DatabaseSync(db.location()!);
    t.after(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    await assert.rejects(write(1), { code: 'log-unavailable', isRetryable: true });
    other.exec('ROLLBACK');
    await write(1);
  });
});
