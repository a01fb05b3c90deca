import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { createAnthropicUsageReport } from './create-anthropic-usage-report.ts';

const adminKey = 'sk-ant-admin01-test';
const query = { from: 0, to: 60_000, whose: { apiKeyIds: ['apikey_1'] } };

async function listen(t: TestContext, reply: { status: number; headers: Record<string, string> }) {
  const keys: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    keys.push(request.headers['x-api-key'] as string | undefined);
    response.writeHead(reply.status, reply.headers).end('{"data":[],"has_more":false,"next_page":null}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, keys };
}

describe('createAnthropicUsageReport', () => {
  it('takes its key to no other host, wherever a reply points', async t => {
    const other = await listen(t, { status: 200, headers: { 'content-type': 'application/json' } });
    const location = `http://localhost:${other.port}/v1/organizations/usage_report/messages`;
    const { port, keys } = await listen(t, { status: 307, headers: { location } });
    const report = createAnthropicUsageReport({ adminKey, baseUrl: `http://127.0.0.1:${port}`, readTimeoutMs: 2_000 });
    await assert.rejects(report.read(query), { code: 'provider-unavailable' });
    assert.equal(keys[0], adminKey);
    assert.deepEqual(other.keys, []);
  });

  it('is not made for a host that would be told the key in the clear', () => {
    for (const baseUrl of ['http://gateway.example', 'http://10.0.0.1:80/x', 'http://127.gateway.example']) {
      assert.throws(() => createAnthropicUsageReport({ adminKey, baseUrl }), { code: 'invalid-config' });
    }
  });
});
