import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createManualClock } from '#adapters/memory/create-manual-clock.ts';
import { createMemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { encodeJournal } from '#contracts/journal-codec.ts';
import { takeSnapshot } from '#core/snapshot.ts';
import type { Log } from '#ports/log.ts';
import { created, intent, sealed } from '#test/support/journal-records.ts';
import { createRecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { ViewFollower } from './view-follower.ts';
import { readViewSnapshot, snapshotLoop, writeViewSnapshot } from './view-snapshot.ts';

const fleetRecord = (fleet: string) => ({ kind: 'FLEET', fleet, partitions: 1, settledPartitions: 2 }) as const;

async function setup(test: TestContext, fleet = 'abcdef') {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-snapshot-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const log = createMemoryCluster({ partitions: { settled: 2 } }).connect();
  const follower = new ViewFollower(log);
  await follower.append(fleetRecord(fleet), sealed('b'), intent('b'), created('b'));
  await follower.catchUpAll();
  const telemetry = createRecordingTelemetry();
  const path = join(folder, 'deep', 'view');
  return {
    folder,
    log,
    follower,
    path,
    telemetry,
    read: (from: Log = log) => readViewSnapshot(path, { log: from, telemetry }),
  };
}

const plain = (follower: ViewFollower): unknown => takeSnapshot(follower.view, follower.positions);

describe('a snapshot of the view', () => {
  it('leads to the view that the whole log leads to', async test => {
    const { log, follower, path, read } = await setup(test);
    await writeViewSnapshot(path, follower);
    await follower.append({ kind: 'CANCEL', run: 'r' });
    const start = await read();
    assert.equal(start?.journalOffset, 4);
    const [short, long] = [new ViewFollower(log, start), new ViewFollower(log)];
    for (const each of [short, long]) await each.catchUpAll();
    assert.deepEqual(plain(short), plain(long));
    assert.ok(short.view.canceledRuns.has('r'));
  });

  it('leaves nothing but the file', async test => {
    const { folder, follower, path } = await setup(test);
    await writeViewSnapshot(path, follower);
    await writeViewSnapshot(path, follower);
    assert.deepEqual(readdirSync(join(folder, 'deep')), ['view']);
  });

  it('is ignored when it is not there, cut off, changed, empty', async test => {
    const { follower, path, read, telemetry } = await setup(test);
    assert.equal(await read(), null);
    await writeViewSnapshot(path, follower);
    const text = readFileSync(path, 'utf8');
    for (const damaged of ['', text.slice(0, -1), text.replace('"journalOffset":4', '"journalOffset":3'), 'x\n{}']) {
      writeFileSync(path, damaged);
      assert.equal(await read(), null, damaged.slice(0, 80));
    }
    assert.equal(telemetry.notes.filter(({ event }) => event === 'snapshot-ignored').length, 4);
  });

  it('is ignored when the log is another one, or shorter', async test => {
    const { follower, path, read } = await setup(test);
    await writeViewSnapshot(path, follower);
    const other = await setup(test, 'zzzzzz');
    assert.equal(await read(other.log), null);
    const empty = createMemoryCluster({ partitions: { settled: 2 } }).connect();
    assert.equal(await read(empty), null);
    const resized = createMemoryCluster({ partitions: { settled: 3 } }).connect();
    assert.equal(await read(resized), null);
  });

  it('is not written by code that has met a record it does not know', async test => {
    const { folder, log, follower, path, telemetry } = await setup(test);
    const loop = snapshotLoop({ path, follower, clock: createManualClock(), telemetry, recordsBetween: 0, everyMs: 0 });
    const value = Buffer.from(
      Buffer.from(encodeJournal({ kind: 'CANCEL', run: 'r' }))
        .toString()
        .replace('CANCEL', 'NEWER'),
    );
    await log.append({ topic: 'journal', partition: 0, records: [{ key: null, value, headers: {} }] });
    await follower.catchUpAll();
    await loop.round(AbortSignal.abort());
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is written once enough was folded since the last', async test => {
    const { follower, path, telemetry } = await setup(test);
    const options = { path, follower, clock: createManualClock(), telemetry, recordsBetween: 2, everyMs: 0 };
    const loop = snapshotLoop(options);
    const round = async (run: string): Promise<number> => {
      await follower.append({ kind: 'CANCEL', run });
      await follower.catchUp();
      await loop.round(AbortSignal.abort());
      return telemetry.notes.filter(({ event }) => event === 'snapshot-written').length;
    };
    assert.deepEqual([await round('a'), await round('b'), await round('c'), await round('d')], [0, 1, 1, 2]);
  });
});
