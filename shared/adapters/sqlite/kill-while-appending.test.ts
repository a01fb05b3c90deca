import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { openSqliteLog } from './open-sqlite-log.ts';

const perAppend = 7;

/** Appends for ever, and says each append that resolved. */
const writer = (directory: string): string => `
  const { openSqliteLog } = await import(${JSON.stringify(import.meta.resolve('./open-sqlite-log.ts'))});
  const log = openSqliteLog({ directory: ${JSON.stringify(directory)} });
  for (let append = 0; ; append++) {
    const records = Array.from({ length: ${perAppend} }, () => ({ key: process.pid + ' ' + append, value: Buffer.alloc(3000), headers: {} }));
    const { offsets } = await log.append({ topic: 'documents', partition: 0, records });
    process.stdout.write(offsets[0] + ' ' + process.pid + ' ' + append + '\\n');
  }`;

describe('kill -9 while appending', () => {
  it('loses no append that resolved and leaves no half of one, while another process tails and appends', async t => {
    const directory = await mkdtemp(join(tmpdir(), 'flotilla-kill-'));
    t.after(() => rm(directory, { recursive: true }));
    const log = openSqliteLog({ directory });
    const acknowledged = new Map<number, string>();
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', writer(directory)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let lines = 0;
      for await (const line of createInterface(child.stdout)) {
        const [, offset, key] = /^(\d+) (.*)$/.exec(line) ?? [];
        acknowledged.set(Number(offset), key!);
        lines += 1;
        if (lines % 10 === 0) await appendOwn(log);
        if (lines === 30 + round * 17) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }

    const keysByOffset = new Map<number, string>();
    const counts = new Map<string, number>();
    for (let from = 0; ; ) {
      const { records, nextOffset } = await log.read({ topic: 'documents', partition: 0, from, recordsMax: 100 });
      if (records.length === 0) break;
      for (const { offset, key } of records) {
        keysByOffset.set(offset, key!);
        counts.set(key!, (counts.get(key!) ?? 0) + 1);
      }
      from = nextOffset;
    }
    await log.close();
    assert.ok(acknowledged.size >= 100);
    for (const [offset, key] of acknowledged) assert.equal(keysByOffset.get(offset), key);
    for (const [key, count] of counts) assert.equal(count, key === 'own' ? ownAppends * perAppend : perAppend, key);
  });
});

let ownAppends = 0;

async function appendOwn(log: ReturnType<typeof openSqliteLog>): Promise<void> {
  ownAppends += 1;
  const records = Array.from({ length: perAppend }, () => ({ key: 'own', value: Buffer.alloc(3_000), headers: {} }));
  await log.append({ topic: 'documents', partition: 0, records });
}
