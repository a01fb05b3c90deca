import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChangeWatcher } from './change-watcher.ts';

const timeoutMs = 60_000;

async function setup(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'flotilla-watcher-'));
  const path = join(directory, 'test.db');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode=WAL; CREATE TABLE numbers (number INTEGER) STRICT');
  let refreshes = 0;
  const watcher = new ChangeWatcher(db, () => {
    refreshes += 1;
  });
  t.after(async () => {
    watcher.close();
    db.close();
    await rm(directory, { recursive: true });
  });
  return { path, db, watcher, refreshes: () => refreshes };
}

describe('ChangeWatcher', () => {
  it('looks anew only when another connection has committed', async t => {
    const { path, db, watcher, refreshes } = await setup(t);
    const other = new DatabaseSync(path);
    t.after(() => other.close());
    let isDue = false;
    const waiting = watcher.wait(() => isDue, timeoutMs);
    while (refreshes() === 0) await sleep(5);
    db.exec('INSERT INTO numbers VALUES (1)');
    await sleep(150);
    assert.equal(refreshes(), 1);
    isDue = true;
    other.exec('INSERT INTO numbers VALUES (2)');
    await waiting;
    assert.equal(refreshes(), 2);
  });

  it('wakes on a commit of its own log those who are due, and no others', async t => {
    const { watcher } = await setup(t);
    const due = new Set<string>();
    const woken: string[] = [];
    const waits = ['a', 'b'].map(name => watcher.wait(() => due.has(name), timeoutMs).then(() => woken.push(name)));
    due.add('b');
    watcher.notify();
    await waits[1];
    assert.deepEqual(woken, ['b']);
    due.add('a');
    watcher.notify();
    await waits[0];
  });

  it('leaves no timer behind when nobody waits', async t => {
    const { watcher } = await setup(t);
    const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
    const before = timers();
    let isDue = false;
    const waiting = watcher.wait(() => isDue, timeoutMs);
    assert.ok(timers() > before);
    isDue = true;
    watcher.notify();
    await waiting;
    assert.equal(timers(), before);
  });

  it('wakes everybody when it is closed, and waits for nothing after it', async t => {
    const { watcher } = await setup(t);
    const waiting = watcher.wait(() => false, timeoutMs);
    watcher.close();
    await waiting;
    await watcher.wait(() => false, timeoutMs);
  });
});
