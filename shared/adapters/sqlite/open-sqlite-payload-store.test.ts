import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openSqliteLog } from './open-sqlite-log.ts';
import { openSqlitePayloadStore } from './open-sqlite-payload-store.ts';

describe('openSqlitePayloadStore', () => {
  it('sweeps what was put too long ago, also by a process that died', async t => {
    const directory = await mkdtemp(join(tmpdir(), 'flotilla-payloads-'));
    t.after(() => rm(directory, { recursive: true }));
    let now = 1_000_000;
    const log = openSqliteLog({ directory, now: () => now });
    const store = openSqlitePayloadStore(log, { memoryBytesMax: 0 });
    await store.put('old', Buffer.from('old'));
    now += 60_000;
    await store.put('new', Buffer.from('new'));
    await store.sweep(30_000);
    assert.equal(await store.get('old'), null);
    assert.equal(Buffer.from((await store.get('new'))!).toString(), 'new');
    await log.close();
  });

  it('moves the oldest into the file when memory is full, and finds it there', async t => {
    const directory = await mkdtemp(join(tmpdir(), 'flotilla-payloads-'));
    t.after(() => rm(directory, { recursive: true }));
    const log = openSqliteLog({ directory });
    const store = openSqlitePayloadStore(log, { memoryBytesMax: 10 });
    for (const bk of ['a', 'b', 'c']) await store.put(bk, Buffer.from(bk.repeat(6)));
    for (const bk of ['a', 'b', 'c']) assert.equal(Buffer.from((await store.get(bk))!).toString(), bk.repeat(6));
    await store.delete('a');
    assert.equal(await store.get('a'), null);
    await log.close();
    const again = openSqliteLog({ directory });
    const reopened = openSqlitePayloadStore(again);
    assert.equal(await reopened.get('a'), null);
    assert.equal(Buffer.from((await reopened.get('b'))!).toString(), 'bbbbbb');
    assert.equal(await reopened.get('c'), null, 'what was in memory is built again');
    await again.close();
  });

  it('writes a delete at close at the latest', async t => {
    const directory = await mkdtemp(join(tmpdir(), 'flotilla-payloads-'));
    t.after(() => rm(directory, { recursive: true }));
    const log = openSqliteLog({ directory });
    const store = openSqlitePayloadStore(log);
    await store.put('a', Buffer.from('a'));
    await store.delete('a');
    await log.close();
    const again = openSqliteLog({ directory });
    assert.equal(await openSqlitePayloadStore(again).get('a'), null);
    await again.close();
  });
});
