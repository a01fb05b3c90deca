import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runFlotilla } from '#test/support/spawn-flotilla.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '#test/support/temporary-folder.ts';
import { writeConfig } from '#test/support/write-config.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const patienceMs = 30_000;

let folder: TemporaryFolder;
before(() => {
  folder = makeTemporaryFolder('servers');
});
after(() => folder.remove());

interface Server {
  firstLine: string;
  child: ChildProcess;
  /** @returns the exit code */
  stop(signal: NodeJS.Signals): Promise<number>;
}

/** Starts a command that stays up, and waits for its first line on stdout. */
async function serve(args: readonly string[], env: Record<string, string> = {}): Promise<Server> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(ANTHROPIC_|FLOTILLA_|NODE_TEST)/.test(name));
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder.path,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.setEncoding('utf8');
  while (!text.includes('\n')) {
    const [chunk] = (await once(child.stdout, 'data', { signal: AbortSignal.timeout(patienceMs) })) as [string];
    text += chunk;
  }
  return {
    firstLine: text.split('\n')[0] ?? '',
    child,
    stop: async signal => {
      const ended = once(child, 'exit');
      child.kill(signal);
      const [code] = (await ended) as [number];
      return code;
    },
  };
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + patienceMs; !isTrue(); ) {
    assert.ok(Date.now() < end, what);
    await sleep(50);
  }
}

describe('flotilla simulator', () => {
  it('prints its base URL, accepts keys that begin with sk-ant-, and stops at SIGINT', async () => {
    const server = await serve(['simulator', '--port', '0']);
    try {
      const list = (key: string): Promise<Response> =>
        fetch(`${server.firstLine}/v1/messages/batches`, {
          headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01' },
        });
      assert.equal((await list('sk-ant-any')).status, 200);
      assert.equal((await list('other')).status, 401);
      const env = { ANTHROPIC_API_KEY: 'sk-ant-any', ANTHROPIC_BASE_URL: server.firstLine, LANG: 'C.UTF-8' };
      const doctor = await runFlotilla({ args: ['doctor'], cwd: folder.path, env });
      assert.equal(doctor.code, 0, doctor.stdout);
      assert.match(doctor.stdout, /✓ key +accepted by http.*\n.*✓ clock/);
      const refused = await runFlotilla({
        args: ['doctor'],
        cwd: folder.path,
        env: { ...env, ANTHROPIC_API_KEY: 'x' },
      });
      assert.equal(refused.code, 6);
      assert.match(refused.stdout, /✗ key .*\n +Fix: check ANTHROPIC_API_KEY/);
    } finally {
      assert.equal(await server.stop('SIGINT'), 0);
    }
  });

  it('finds as many cache entries that are there as --cache-hit-share says', async () => {
    const system = [{ type: 'text', text: 'abcd'.repeat(6_000), cache_control: { type: 'ephemeral' } }];
    const messages = [{ role: 'user', content: 'Say hello.' }];
    const body = JSON.stringify({ model: 'claude-haiku-4-5', max_tokens: 8, system, messages });
    const headers = {
      'x-api-key': 'sk-ant-any',
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
    };
    for (const [flags, isRead] of [
      [[], true],
      [['--cache-hit-share', '0'], false],
    ] as const) {
      const server = await serve(['simulator', '--time-scale', '100', ...flags]);
      try {
        const ask = async (): Promise<number> => {
          const response = await fetch(`${server.firstLine}/v1/messages`, { method: 'POST', headers, body });
          const { usage } = (await response.json()) as { usage: { cache_read_input_tokens: number } };
          return usage.cache_read_input_tokens;
        };
        let read = 0;
        for (let asked = 0; asked < 100 && read === 0; asked += 1) read = await ask();
        assert.equal(read > 0, isRead);
      } finally {
        await server.stop('SIGTERM');
      }
    }
    const wrong = await runFlotilla({ args: ['simulator', '--cache-hit-share', '2'], cwd: folder.path });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /cache-hit-share/);
  });

  it('says that a port is taken', async () => {
    const server = await serve(['simulator', '--port', '0']);
    try {
      const { port } = new URL(server.firstLine);
      const { code, stderr } = await runFlotilla({ args: ['simulator', '--port', port], cwd: folder.path });
      assert.equal(code, 2);
      assert.match(stderr, /is in use/);
    } finally {
      await server.stop('SIGTERM');
    }
  });
});

describe('flotilla dev', () => {
  it('runs what is put into its inbox, serves health, and lets other commands attach', async () => {
    writeConfig(folder.path, {
      tasks: { label: { model: 'claude-haiku-4-5', instructions: 'Label it.' } },
      simulator: { latencyMinMs: 100_000, latencyMaxMs: 200_000 },
    });
    const server = await serve(['dev', '--port', '0', '--json']);
    try {
      const { url } = JSON.parse(server.firstLine) as { url: string };
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
      const ready = await fetch(`${url}/readyz`);
      assert.equal(ready.status, 200);
      assert.equal(((await ready.json()) as { status: string }).status, 'ready');

      const line = JSON.stringify({ custom_id: 'a', task: 'label', content: 'some words' });
      writeFileSync(join(folder.path, 'one.jsonl'), `${line}\n`);
      mkdirSync(join(folder.path, 'inbox'), { recursive: true });
      copyFileSync(join(folder.path, 'one.jsonl'), join(folder.path, 'inbox/one.jsonl'));
      const answers = join(folder.path, 'inbox/answers/one.answers.jsonl');
      await until(() => existsSync(answers) && readFileSync(answers, 'utf8').includes('\n'), 'the inbox is answered');

      writeFileSync(join(folder.path, 'two.jsonl'), `${line}\n${line}\n`);
      const run = await runFlotilla({ args: ['run', 'two.jsonl', '--json'], cwd: folder.path });
      assert.equal(run.code, 0, run.stderr);
      assert.equal((JSON.parse(run.stdout) as { succeeded: number }).succeeded, 2);
      assert.equal((await runFlotilla({ args: ['audit'], cwd: folder.path })).code, 0);
    } finally {
      assert.equal(await server.stop('SIGTERM'), 143);
    }
  });
});
