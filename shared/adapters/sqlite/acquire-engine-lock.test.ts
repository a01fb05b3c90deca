import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { acquireEngineLock } from './acquire-engine-lock.ts';

async function setup(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'flotilla-lock-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

const holder = (directory: string): string => `
  const { acquireEngineLock } = await import(${JSON.stringify(import.meta.resolve('./acquire-engine-lock.ts'))});
  process.stdout.write(acquireEngineLock(${JSON.stringify(directory)}) === null ? 'refused' : 'held');
  process.stdin.resume().on('end', () => process.exit());`;

async function startHolder(t: TestContext, directory: string) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', holder(directory)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  return { child, said: String(said) };
}

describe('acquireEngineLock', () => {
  it('is given once, also within one process, and again after its release', async t => {
    const directory = await setup(t);
    const lock = acquireEngineLock(directory);
    assert.ok(lock);
    assert.equal(acquireEngineLock(directory), null);
    lock.release();
    lock.release();
    const next = acquireEngineLock(directory);
    assert.ok(next);
    next.release();
  });

  it('refuses another process at once', async t => {
    const directory = await setup(t);
    const lock = acquireEngineLock(directory);
    const { child, said } = await startHolder(t, directory);
    assert.equal(said, 'refused');
    child.kill('SIGKILL');
    await once(child, 'exit');
    lock?.release();
  });

  it('is free as soon as its holder was killed', async t => {
    const directory = await setup(t);
    const { child, said } = await startHolder(t, directory);
    assert.equal(said, 'held');
    const startedAt = performance.now();
    assert.equal(acquireEngineLock(directory), null);
    assert.ok(performance.now() - startedAt < 1_000);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = acquireEngineLock(directory);
    assert.ok(lock);
    lock.release();
  });

  it('locks each directory for itself', async t => {
    const locks = [acquireEngineLock(await setup(t)), acquireEngineLock(await setup(t))];
    for (const lock of locks) {
      assert.ok(lock);
      lock.release();
    }
  });
});
