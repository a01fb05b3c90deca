import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../services/simulator/main.ts', import.meta.url));
const headers = { 'x-api-key': 'sk-ant-w-1', 'anthropic-version': '2026-10-21', 'content-type': 'application/json' };
const params = { model: 'claude-haiku-5-5', max_tokens: 99, messages: [{ role: 'user', content: 'a document' }] };

async function serve(directory: string, latencyMs: number) {
  const latency = ['--latency-min-ms', String(latencyMs), '--latency-max-ms', String(latencyMs)];
  const faults = ['--faults', '{"create-accept-then-drop":{"calls":[2]}}'];
  const child = spawn(process.execPath, [program, '--port', '0', '--dir', directory, ...latency, ...faults], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [baseUrl] = (await once(createInterface(child.stdout), 'line')) as [string];
  const kill = async (): Promise<void> => {
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  };
  const url = `${baseUrl}/v1/messages/batches`;
  const create = (count: number) => {
    const requests = Array.from({ length: count }, (_, index) => ({ custom_id: `c-${index}`, params }));
    return fetch(url, { method: 'POST', headers, body: JSON.stringify({ requests }) });
  };
  const get = async (path: string) => (await fetch(`${baseUrl}${path}`, { headers })).text();
  return { create, get, kill };
}

describe('a simulator killed with kill -9', () => {
  it('has every batch and bill it had replied with, and time has passed meanwhile', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'simulator-kill-'));
    const first = await serve(directory, 300);
    const { id } = (await (await first.create(5)).json()) as { id: string };
    await assert.rejects(first.create(7));
    await first.kill();
    await sleep(300);
    const second = await serve(directory, 300);
    const listed = JSON.parse(await second.get('/v1/messages/batches')).data;
    assert.deepEqual(
      listed.map((batch: { processing_status: string; request_counts: { succeeded: number } }) => [
        batch.processing_status,
        batch.request_counts.succeeded,
      ]),
      [
        ['ended', 7],
        ['ended', 5],
      ],
    );
    const lines = await second.get(`/v1/messages/batches/${id}/results`);
    const invoice = await second.get('/simulator/invoice');
    assert.equal(JSON.parse(invoice).totals.rowCount, 12);
    await second.kill();
    const third = await serve(directory, 300);
    assert.equal(await third.get(`/v1/messages/batches/${id}/results`), lines);
    assert.equal(await third.get('/simulator/invoice'), invoice);
    assert.equal((await third.create(1)).status, 200, 'the second call was lost once, not once per life');
    assert.equal(JSON.parse(await third.get('/simulator/faults')).faults['create-accept-then-drop'], 1);
    await third.kill();
    await rm(directory, { recursive: true, force: true });
  });
});
