import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openSqliteLog } from './open-sqlite-log.ts';
import type { SqliteLog } from './sqlite-log.ts';

const appends = 40;
/** Distinct counts, so that a torn append shows. */
const countOf = (append: number): number => 1 + (append % 5);

describe('torn writes', () => {
  it('leave a prefix of the appends, never half of one, wherever the file of the last writes was cut', async t => {
    const directory = await mkdtemp(join(tmpdir(), 'flotilla-torn-'));
    t.after(() => rm(directory, { recursive: true }));
    const log = openSqliteLog({ directory });
    for (let append = 0; append < appends; append++) await appendBoth(log, append);
    const { size } = await stat(join(directory, 'log.db-wal'));
    assert.ok(size > 0);

    const seen = new Set<number>();
    for (let cut = 0; cut <= 60; cut++) {
      const copy = join(directory, `copy${cut}`);
      await mkdir(copy);
      for (const name of ['log.db', 'log.db-wal']) await copyFile(join(directory, name), join(copy, name));
      // The first part is the schema; the last cuts fall into single pages.
      const keep = cut < 50 ? Math.floor(size * (0.2 + (0.8 * cut) / 50)) : size - 1 - (cut - 50) * 137;
      await truncate(join(copy, 'log.db-wal'), keep);
      if (cut % 3 === 0) await scribbleTail(join(copy, 'log.db-wal'));
      seen.add(await countWholeAppends(copy));
    }
    await log.close();
    assert.ok(seen.size > 10, `the cuts fell on ${seen.size} different places`);
  });
});

/** One transaction over two topics. */
async function appendBoth(log: SqliteLog, append: number): Promise<void> {
  const fence = await log.fence(0);
  const records = Array.from({ length: countOf(append) }, (_, index) => ({
    key: `${append}`,
    value: Buffer.from(`${index}`.padEnd(2_000)),
    headers: {},
  }));
  await fence.send([
    { topic: 'results', partition: 0, records },
    { topic: 'settled', partition: 1, records },
  ]);
  await fence.commit();
}

/** What a disk may leave behind: a page half written. */
async function scribbleTail(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes.fill(0xa5, Math.max(0, bytes.length - 700));
  await writeFile(path, bytes);
}

async function countWholeAppends(directory: string): Promise<number> {
  const log = openSqliteLog({ directory });
  const keys: string[][] = [];
  for (const at of [
    { topic: 'results', partition: 0 },
    { topic: 'settled', partition: 1 },
  ] as const) {
    const { records } = await log.read({ ...at, from: 0, recordsMax: 1_000 });
    keys.push(records.map(({ key }) => key!));
  }
  assert.deepEqual(keys[0], keys[1]);
  const whole = keys[0]!.length === 0 ? 0 : Number(keys[0]!.at(-1)) + 1;
  const expected = Array.from({ length: whole }, (_, append) => Array(countOf(append)).fill(`${append}`)).flat();
  assert.deepEqual(keys[0], expected);
  // and it takes new ones
  await appendBoth(log, whole);
  await log.close();
  return whole;
}
