import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultKind, FaultPlan, FaultRule } from '#services/simulator/faults/fault-kinds.ts';
import { startSimulator } from '#services/simulator/service.ts';

const headers = { 'x-api-key': 'sk-ant-w-1', 'anthropic-version': '2026-10-21', 'content-type': 'application/json' };
const itemCount = 20;

async function setup(faults: FaultPlan) {
  const simulator = await startSimulator({ faults, latency: { minMs: 1, maxMs: 1 } });
  const url = `${simulator.baseUrl}/v1/messages/batches`;
  const params = { model: 'claude-haiku-5-5', max_tokens: 99, messages: [{ role: 'user', content: 'x' }] };
  const requests = Array.from({ length: itemCount }, (_, index) => ({ custom_id: `c-${index}`, params }));
  const create = (signal: AbortSignal | null = null) =>
    fetch(url, { method: 'POST', headers, body: JSON.stringify({ requests }), signal });
  const read = async () => {
    const { id } = simulator.machine.batches(Date.now())[0] ?? {};
    await sleep(3);
    return fetch(`${url}/${id}/results`, { headers });
  };
  return { simulator, create, read, url };
}

const always = (kind: FaultKind, rule: FaultRule = {}): FaultPlan => ({ [kind]: { probability: 1, ...rule } });

describe('faults on the wire', () => {
  const statuses: [FaultKind, httpStatus: number, isHtml: boolean, batches: number][] = [
    ['create-refuse-400', 400, false, 0],
    ['create-refuse-401', 401, false, 0],
    ['create-refuse-402', 402, false, 0],
    ['create-refuse-403', 403, false, 0],
    ['create-refuse-413', 413, false, 0],
    ['create-refuse-413-html', 413, true, 0],
    ['create-refuse-429', 429, false, 0],
    ['create-refuse-500', 500, false, 0],
    ['create-refuse-529', 529, false, 0],
    ['create-accept-then-502', 502, true, 1],
  ];
  for (const [kind, httpStatus, isHtml, batches] of statuses) {
    it(`${kind}: ${httpStatus}${isHtml ? ' as HTML' : ''}, ${batches} made`, async () => {
      const { simulator, create } = await setup(always(kind));
      const response = await create();
      assert.equal(response.status, httpStatus);
      assert.equal(response.headers.get('content-type')?.includes('html'), isHtml);
      if (kind === 'create-refuse-429') assert.equal(response.headers.get('retry-after'), '1');
      assert.equal(simulator.machine.batches(Date.now()).length, batches);
      assert.deepEqual(simulator.faults(), { [kind]: 1 });
      await simulator.close();
    });
  }

  for (const [kind, batches] of [
    ['create-drop-before', 0],
    ['create-accept-then-drop', 1],
  ] as const) {
    it(`${kind}: the connection dies, ${batches} made`, async () => {
      const { simulator, create } = await setup(always(kind));
      await assert.rejects(create(), TypeError);
      assert.equal(simulator.machine.batches(Date.now()).length, batches);
      await simulator.close();
    });
  }

  for (const [kind, batches] of [
    ['create-hang', 0],
    ['create-accept-then-hang', 1],
  ] as const) {
    it(`${kind}: no reply comes, ${batches} made`, async () => {
      const { simulator, create } = await setup(always(kind));
      await assert.rejects(create(AbortSignal.timeout(200)), { name: 'TimeoutError' });
      assert.equal(simulator.machine.batches(Date.now()).length, batches);
      await simulator.close();
    });
  }

  it('create-accept-late: the batch comes after the connection has died', async () => {
    const { simulator, create } = await setup(always('create-accept-late', { delayMs: 50 }));
    await assert.rejects(create(), TypeError);
    assert.equal(simulator.machine.batches(Date.now()).length, 0);
    await sleep(150);
    assert.equal(simulator.machine.batches(Date.now()).length, 1);
    await simulator.close();
  });

  const reads: [FaultKind, isSpoilt: (lines: string[], text: string) => boolean][] = [
    ['results-short-read', (lines, text) => lines.length < itemCount && (text === '' || text.endsWith('\n'))],
    ['results-cut-mid-line', (_lines, text) => !text.endsWith('\n')],
    ['results-malformed-line', lines => lines.some(line => !isJson(line))],
    ['results-duplicate-line', lines => lines.length === itemCount + 1],
    ['results-unknown-id', lines => lines.some(line => line.includes('nobody-sent-this'))],
    ['results-huge-line', lines => lines.some(line => line.length > 10_000_000 && isJson(line))],
  ];
  for (const [kind, isSpoilt] of reads) {
    it(`${kind} on the wire`, async () => {
      const { simulator, create, read } = await setup(always(kind));
      assert.equal((await create()).status, 200);
      const text = await (await read()).text();
      assert.ok(isSpoilt(text.split('\n').filter(Boolean), text), text.slice(0, 300));
      await simulator.close();
    });
  }

  it('results-reset: the connection dies in the middle', async () => {
    const { simulator, create, read } = await setup(always('results-reset'));
    await create();
    await assert.rejects(async () => (await read()).text(), TypeError);
    await simulator.close();
  });

  it('results-404, results-503, results-content-type, list-503, retrieve-502', async () => {
    const { simulator, create, read, url } = await setup({
      'results-404': { calls: [1] },
      'results-503': { calls: [1] },
      'results-content-type': { calls: [1] },
      'list-503': { calls: [1] },
      'retrieve-502': { calls: [1] },
    });
    const { id } = (await (await create()).json()) as { id: string };
    assert.deepEqual([(await read()).status, (await read()).status], [404, 503]);
    const [plain, usual] = [await read(), await read()];
    assert.deepEqual(
      [plain.headers.get('content-type'), usual.headers.get('content-type')],
      ['text/plain', 'application/x-jsonl'],
    );
    assert.equal((await usual.text()).split('\n').length, itemCount + 1);
    assert.deepEqual([(await fetch(url, { headers })).status, (await fetch(url, { headers })).status], [503, 200]);
    const one = `${url}/${id}`;
    assert.deepEqual([(await fetch(one, { headers })).status, (await fetch(one, { headers })).status], [502, 200]);
    await simulator.close();
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
