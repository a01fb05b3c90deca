import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createManualClock } from '#adapters/memory/create-manual-clock.ts';
import { openSqliteLog } from '#adapters/sqlite/open-sqlite-log.ts';
import type { Topic } from '#ports/log.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { intakeGroup } from '#services/accumulator/intakes.ts';
import { type PruneOptions, pruneLog } from './prune-log.ts';

const day = 24 * 3_600_000;
const bk = 'abcdefghijkl';

function setup(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'flotilla-prune-'));
  const clock = createManualClock();
  const log = openSqliteLog({ directory, partitions: { settled: 1 }, now: () => clock.now() });
  t.after(async () => {
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const follower = new ViewFollower(log);
  const append = (topic: Topic) =>
    log.append({ topic, partition: 0, records: [{ key: null, value: Buffer.from('x'), headers: {} }] });
  const options: PruneOptions = { log, follower, clock };
  const watermark = (offset: number) =>
    log.commitPosition({ group: intakeGroup, topic: 'documents', partition: 0, offset });
  return { clock, log, follower, append, options, watermark };
}

describe('pruneLog', () => {
  it('forgets what is older than a month and keeps what is younger', async t => {
    const { clock, log, append, options, watermark } = setup(t);
    await append('documents');
    await append('results');
    await clock.advance(31 * day);
    await append('documents');
    await append('results');
    await watermark(2);
    await pruneLog(options);
    assert.deepEqual([await log.oldestOffset('documents', 0), await log.oldestOffset('results', 0)], [1, 1]);
  });

  it('keeps a document that is sealed and not answered, whatever its age', async t => {
    const { clock, log, follower, append, options, watermark } = setup(t);
    await append('documents');
    await append('documents');
    await append('documents');
    await follower.append({
      kind: 'SEALED',
      bk,
      type: 'batch',
      account: 'a',
      recipe: 'r',
      runs: [],
      items: [[0, 1, 0, 0]],
    });
    await clock.advance(31 * day);
    await append('documents');
    await watermark(4);
    await pruneLog(options);
    assert.equal(await log.oldestOffset('documents', 0), 1);
  });

  it('keeps what no accumulator has sealed yet', async t => {
    const { clock, log, append, options } = setup(t);
    await append('documents');
    await clock.advance(31 * day);
    await append('documents');
    await pruneLog(options);
    assert.equal(await log.oldestOffset('documents', 0), 0);
  });

  it('takes answered documents before their time when there is no room, but never answers', async t => {
    const { clock, log, append, options, watermark } = setup(t);
    await append('documents');
    await append('results');
    await clock.advance(2 * day);
    await append('documents');
    await append('results');
    await watermark(2);
    await pruneLog({ ...options, logBytesMax: 0 });
    assert.deepEqual([await log.oldestOffset('documents', 0), await log.oldestOffset('results', 0)], [1, 0]);
  });
});
