import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import type { CreateRequest } from '#ports/batch-provider.ts';
import {
  type LocalAnthropic,
  type Script,
  sendError,
  startLocalAnthropic,
} from '#test/conformance/batch-provider-local-anthropic.ts';
import type { AnthropicProviderOptions } from './anthropic-account.ts';
import { createAnthropicProvider } from './create-anthropic-provider.ts';

const request: CreateRequest = {
  label: { fleet: 'fleet1', bk: 'abcdefghijkl', sub: 1 },
  isInTime: () => true,
  items: [
    { customId: 'a', body: '{"model":"m",  "n":1.0e2,"content":"\\u00e9 é 😀 \\"q\\""}' },
    { customId: 'b', body: '{ }' },
  ],
};
const never = new AbortController().signal;

describe('createBatch', () => {
  let local: LocalAnthropic | null = null;
  const setup = async (options: Partial<AnthropicProviderOptions> = {}) => {
    local = await startLocalAnthropic();
    return { local, provider: createAnthropicProvider({ apiKey: 'sk-ant-1', baseUrl: local.baseUrl, ...options }) };
  };
  afterEach(async () => {
    await local?.stop();
    local = null;
  });

  it('puts the bytes of the items on the wire, in one body of known length', async () => {
    const { local, provider } = await setup();
    await provider.create(request, never);
    const [call] = local.calls;
    const [a, b] = request.items;
    assert.equal(
      call?.body.toString(),
      `{"requests":[{"custom_id":"a","params":${a?.body}},{"custom_id":"b","params":${b?.body}}]}`,
    );
    assert.equal(call.headers['content-type'], 'application/json');
    assert.equal(call.headers['content-length'], String(call.body.length));
    assert.equal(call.headers.authorization, 'Bearer sk-ant-1');
    assert.equal(call.headers['anthropic-version'], '2026-10-21');
    assert.equal(call.url, '/v1/messages/batches');
  });

  it('answers with id, owner and clock', async () => {
    const { provider } = await setup();
    const outcome = await provider.create(request, never);
    assert.ok(outcome.status === 'created');
    assert.equal(outcome.pid, 'msgbatch_00000001');
    assert.equal(outcome.facts.owner, 'org_1/wrkspc_1');
    assert.ok(Math.abs((outcome.facts.serverDate ?? 0) - Date.now()) < 60_000);
  });

  it('decides by endpoint, not by content type', async () => {
    const { local, provider } = await setup();
    local.script(
      'create',
      ({ response }) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('{"id":"x"}'),
    );
    assert.equal((await provider.create(request, never)).status, 'created');
  });

  const unclear: Readonly<Record<string, Script>> = {
    'a reset after the request': ({ response }) => void response.destroy(),
    'a reset in the reply': ({ response }) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"id":"msgb', () => void response.destroy());
    },
    '502 in HTML': ({ response }) => void response.writeHead(502).end('<html>502</html>'),
    '503 with retry-after': ({ response }) => void response.writeHead(503, { 'retry-after': '0' }).end(),
    '500 that asks for a repetition': ({ response }) =>
      void response.writeHead(500, { 'x-should-retry': 'true' }).end('{"type":"error","error":{"type":"api_error"}}'),
    '403 in HTML': ({ response }) => void response.writeHead(403).end('<html>blocked</html>'),
    '409 conflict': ({ response }) => sendError(response, 409, { type: 'conflict_error', message: 'again' }),
    '421, which fetch would send again': ({ response }) => void response.writeHead(421).end(),
    '307 to itself, which fetch would follow': ({ response }) =>
      void response.writeHead(307, { location: '/v1/messages/batches' }).end(),
    '303 elsewhere': ({ response }) => void response.writeHead(303, { location: '/v1/messages/batches/x' }).end(),
    '200 in HTML': ({ response }) => void response.writeHead(200).end('<html>welcome</html>'),
    '200 without an id': ({ response }) => void response.writeHead(200).end('{"type":"message_batch"}'),
    '200 with an empty id': ({ response }) => void response.writeHead(200).end('{"id":""}'),
    '200 and no body': ({ response }) => void response.writeHead(200).end(),
  };
  for (const [what, script] of Object.entries(unclear)) {
    it(`A1 E1: ${what} is ambiguous, after exactly one POST`, async () => {
      const { local, provider } = await setup();
      local.script('create', script);
      assert.equal((await provider.create(request, never)).status, 'ambiguous');
      assert.equal(local.calls.length, 1);
    });
  }

  it('A1 N6: 529 is refused after exactly one POST, with the time to wait', async () => {
    const { local, provider } = await setup();
    local.script('create', ({ response }) => {
      response.setHeader('retry-after', '3');
      sendError(response, 529, { type: 'overloaded_error', message: 'Overloaded' });
    });
    const outcome = await provider.create(request, never);
    assert.ok(outcome.status === 'refused');
    assert.deepEqual(
      [outcome.reason, outcome.retryAfterMs, outcome.message],
      ['overloaded', 3_000, 'overloaded_error: Overloaded'],
    );
    assert.equal(local.calls.length, 1);
  });

  for (const [what, script] of Object.entries({
    'no reply at all': () => {},
    'a reply that never ends': ({ response }) => void response.writeHead(200).write('{"id":"msgbatch_1"'),
    'a refusal that never ends': ({ response }) => void response.writeHead(400).write('{"type":"error","error":{"ty'),
  } satisfies Record<string, Script>)) {
    it(`A1: ${what} ends with T_http, ambiguous, after exactly one POST`, async () => {
      const { local, provider } = await setup({ createTimeoutMs: 400, createTimeoutPerMegabyteMs: 0 });
      local.script('create', script);
      assert.equal((await provider.create(request, never)).status, 'ambiguous');
      assert.equal(local.calls.length, 1);
    });
  }

  it('A1: a slow reply within T_http is the reply, after exactly one POST', async () => {
    const { local, provider } = await setup();
    local.script('create', ({ response, accept }) => {
      const { id } = accept();
      setTimeout(() => response.writeHead(200).end(JSON.stringify({ id })), 50);
    });
    assert.equal((await provider.create(request, never)).status, 'created');
    assert.equal(local.calls.length, 1);
  });

  it('A1: a connection that is made and never answered is ambiguous', async () => {
    const silent = createServer(() => {});
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address() as { port: number };
    const baseUrl = `http://127.0.0.1:${address.port}`;
    const provider = createAnthropicProvider({ apiKey: 'k', baseUrl, createTimeoutMs: 400 });
    const outcome = await provider.create(request, never);
    silent.close();
    assert.deepEqual(outcome, { status: 'ambiguous', message: 'no reply in time' });
  });

  it('T_http grows with the body', async () => {
    const { local, provider } = await setup({ createTimeoutMs: 1, createTimeoutPerMegabyteMs: 1e9 });
    local.script('create', ({ response }) => void setTimeout(() => response.writeHead(200).end('{"id":"x"}'), 50));
    assert.equal((await provider.create(request, never)).status, 'created');
  });

  it('C11: asks whether it is in time once it is connected, and else writes nothing of the requests', async () => {
    let [asked, isConnected, received] = [0, false, ''];
    const server = createServer(socket => {
      isConnected = true;
      socket.on('data', bytes => {
        received += bytes.toString();
      });
      socket.on('error', () => {});
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const provider = createAnthropicProvider({ apiKey: 'sk-ant-1', baseUrl: `http://127.0.0.1:${port}` });
    const isInTime = (): boolean => {
      asked += 1;
      return !isConnected;
    };
    const outcome = await provider.create({ ...request, isInTime }, never);
    assert.ok(outcome.status === 'refused', JSON.stringify(outcome));
    assert.deepEqual([outcome.reason, outcome.facts, asked], ['too-late', null, 1]);
    assert.ok(!received.includes('requests'), received);
    server.close();
  });

  it('is not-connected when nobody listens', async () => {
    const { local, provider } = await setup();
    await local.stop();
    const outcome = await provider.create(request, never);
    assert.ok(outcome.status === 'refused', JSON.stringify(outcome));
    assert.deepEqual(
      [outcome.reason, outcome.httpStatus, outcome.facts, outcome.message],
      ['not-connected', null, null, 'connect ECONNREFUSED'],
    );
  });

  for (const [code, syscall, status] of [
    ['ENOTFOUND', 'getaddrinfo', 'refused'],
    ['ECONNRESET', 'read', 'ambiguous'],
    ['EPIPE', 'write', 'ambiguous'],
  ] as const) {
    it(`A1: ${syscall} ${code} is ${status}, and the SDK calls fetch once`, async () => {
      let calls = 0;
      const fetch = async () => {
        calls += 1;
        throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code, syscall }) });
      };
      const outcome = await createAnthropicProvider({ apiKey: 'k', fetch }).create(request, never);
      assert.equal(outcome.status, status);
      assert.equal(calls, 1);
    });
  }

  it('leaves no listener on the caller’s signal', async () => {
    const { provider } = await setup();
    const signal = new AbortController().signal;
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...parameters: Parameters<typeof addEventListener>) => {
      listeners += 1;
      addEventListener.apply(signal, parameters);
    };
    signal.removeEventListener = (...parameters: Parameters<typeof removeEventListener>) => {
      listeners -= 1;
      removeEventListener.apply(signal, parameters);
    };
    await provider.create(request, signal);
    assert.equal(listeners, 0);
  });

  it('N6: refuses what is above the provider’s limits without sending it', async () => {
    const { local, provider } = await setup();
    const items = Array.from({ length: 300 }, () => ({ customId: 'a', body: hugeBody }));
    const outcome = await provider.create({ ...request, items }, never);
    assert.ok(outcome.status === 'refused' && outcome.reason === 'too-large' && outcome.httpStatus === null);
    assert.equal(local.calls.length, 0);
  });
});

const hugeBody = `{"content":"${'x'.repeat(1_000_000)}"}`;
