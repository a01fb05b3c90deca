import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { CreateRequest } from '#ports/batch-provider.ts';
import {
  type LocalAnthropic,
  type Script,
  sendError,
  startLocalAnthropic,
  succeededLine,
  toWire,
} from '#test/conformance/batch-provider-local-anthropic.ts';
import { createAnthropicProvider } from './create-anthropic-provider.ts';
import { resultsPath } from './read-results.ts';

const apiKey = 'sk-ant-SECRET-0123456789';
const never = new AbortController().signal;
const request: CreateRequest = {
  label: { fleet: 'f', bk: 'b', sub: 1 },
  isInTime: () => true,
  items: [{ customId: 'a', body: '{"messages":"DOCUMENT"}' }],
};

describe('createAnthropicProvider', () => {
  let local: LocalAnthropic | null = null;
  const setup = async () => {
    local = await startLocalAnthropic();
    const provider = createAnthropicProvider({ apiKey, baseUrl: `${local.baseUrl}/` });
    const create = async () => {
      const outcome = await provider.create(request, never);
      assert.ok(outcome.status === 'created');
      return outcome.pid;
    };
    return { local, provider, create };
  };
  afterEach(async () => {
    await local?.stop();
    local = null;
  });

  it('lists two pages with limit and after_id', async () => {
    const { local, provider, create } = await setup();
    const first = await create();
    const second = await create();
    const page = await provider.list({ limit: 1 });
    assert.equal(page.nextCursor, second);
    const next = await provider.list({ limit: 1, cursor: second });
    assert.deepEqual(
      next.batches.map(({ pid }) => pid),
      [first],
    );
    assert.equal(next.nextCursor, null);
    assert.deepEqual(
      local.calls.filter(({ kind }) => kind === 'list').map(({ url }) => url),
      ['/v1/messages/batches?limit=1', `/v1/messages/batches?limit=1&after_id=${second}`],
    );
  });

  it('holds the limit to what the provider allows', async () => {
    const { local, provider } = await setup();
    await provider.list({ limit: 5_000 });
    await provider.list({ limit: 0 });
    assert.deepEqual(
      local.calls.map(({ url }) => url.split('?')[1]),
      ['limit=1000', 'limit=1'],
    );
  });

  it('names the owner by a hash of base URL and key where the server shows none', async () => {
    const { local, provider } = await setup();
    local.ownerHeaders = {};
    const { facts } = await provider.list({ limit: 1 });
    const expected = createHash('sha256').update(`${local.baseUrl}\n${apiKey}`).digest('hex');
    assert.equal(facts.owner, `unshown:${expected}`);
  });

  it('O1: an HTML page at status 200 is unavailable, from list and from results', async () => {
    const { local, provider, create } = await setup();
    const pid = await create();
    local.readFault = ({ response }) => void response.writeHead(200).end('<html>');
    for (const read of [() => provider.list({ limit: 1 }), () => provider.results(pid)]) {
      await assert.rejects(read(), (error: unknown) => codeOf(error) === 'provider-unavailable');
    }
  });

  it('repeats a read that failed for a moment', async () => {
    const { local, provider } = await setup();
    local.script('list', ({ response }) => void response.writeHead(503, { 'retry-after-ms': '1' }).end());
    assert.deepEqual((await provider.list({ limit: 1 })).batches, []);
    assert.equal(local.countOf('list'), 2);
  });

  it('does not wait as long as a server may ask for', async () => {
    const local = await startLocalAnthropic();
    const provider = createAnthropicProvider({ apiKey, baseUrl: local.baseUrl, readTimeoutMs: 60 });
    local.readFault = ({ response }) => void response.writeHead(429, { 'retry-after': '3600' }).end();
    await assert.rejects(provider.list({ limit: 1 }), (error: unknown) => codeOf(error) === 'provider-unavailable');
    await local.stop();
  });

  const readFailures: readonly [string, number, Record<string, unknown> | null, string, boolean][] = [
    ['401', 401, { type: 'authentication_error', message: 'invalid bearer token' }, 'provider-auth', false],
    ['402', 402, { type: 'billing_error', message: 'unpaid' }, 'provider-auth', false],
    ['403', 403, { type: 'permission_error', message: 'no' }, 'provider-auth', false],
    [
      '400 on hold',
      400,
      { type: 'invalid_request_error', message: 'This organization has been disabled.' },
      'provider-auth',
      false,
    ],
    ['401 of a proxy', 401, null, 'provider-unavailable', false],
    ['403 of a proxy', 403, null, 'provider-unavailable', false],
    ['400', 400, { type: 'invalid_request_error', message: 'limit' }, 'provider-unavailable', false],
    ['429', 429, { type: 'rate_limit_error', message: 'slow' }, 'provider-unavailable', true],
    ['500', 500, { type: 'api_error', message: 'x' }, 'provider-unavailable', true],
    ['502', 502, null, 'provider-unavailable', true],
    ['529', 529, { type: 'overloaded_error', message: 'x' }, 'provider-unavailable', true],
  ];
  for (const [what, httpStatus, error, code, isRetryableError] of readFailures) {
    it(`a list that is answered with ${what} throws ${code}`, async () => {
      const { local, provider } = await setup();
      local.readFault = answerWith(httpStatus, error);
      const failure = await provider.list({ limit: 1 }).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      assert.ok(failure instanceof FlotillaError);
      assert.deepEqual([failure.code, failure.isRetryable], [code, isRetryableError]);
      assert.match(failure.where ?? '', /^GET \/v1\/messages\/batches at http/);
    });
  }

  it('not-found only on the provider’s own word', async () => {
    const { local, provider, create } = await setup();
    const pid = await create();
    assert.equal((await provider.results('msgbatch_unknown')).status, 'not-found');
    local.readFault = answerWith(404, null);
    await assert.rejects(provider.results(pid), (error: unknown) => codeOf(error) === 'provider-unavailable');
  });

  it('not-found for a batch whose results are no longer kept', async () => {
    const { local, provider, create } = await setup();
    const pid = await create();
    local.end(pid, [succeededLine('a')]);
    local.batches.get(pid)!.archivedAt = '2026-12-20T18:37:24Z';
    assert.equal((await provider.results(pid)).status, 'not-found');
  });

  it('does not ask for a batch that a list has just shown as ended, except after a first read', async () => {
    const { local, provider, create } = await setup();
    const pid = await create();
    local.end(pid, [succeededLine('a')]);
    const { facts } = await provider.list({ limit: 10 });
    const read = await provider.results(pid);
    assert.deepEqual([read.status, local.countOf('get')], ['ended', 0]);
    assert.deepEqual(read.facts, { owner: facts.owner, serverDate: null });
    local.batches.get(pid)!.archivedAt = '2026-12-20T18:37:24Z';
    assert.equal((await provider.results(pid)).status, 'not-found');
  });

  it('never takes the key to another host, whatever a reply names', async () => {
    const { local, provider, create } = await setup();
    const pid = await create();
    local.end(pid, [succeededLine('a')]);
    const wire = { ...toWire(local.batches.get(pid)!, local.baseUrl), results_url: 'http://127.0.0.1:9/steal' };
    local.script('get', ({ response }) => void response.end(JSON.stringify(wire)));
    const read = await provider.results(pid);
    assert.ok(read.status === 'ended');
    const lines = [];
    for await (const line of read.lines) lines.push(line);
    assert.equal(lines.length, 1);
    assert.equal(local.countOf('results'), 1);
  });

  const urls = [
    ['https://api.example/v1/x/results', 'https://api.example/v1/x/results'],
    ['https://api.example.evil/v1/x/results', '/p/results'],
    ['https://api.example@evil/v1/x', '/p/results'],
    ['http://api.example/v1/x/results', '/p/results'],
    ['//evil/v1', '/p/results'],
    ['results', '/p/results'],
  ] as const;
  for (const [url, expected] of urls) {
    it(`reads results named ${url} from ${expected}`, () => {
      assert.equal(resultsPath({ baseUrl: 'https://api.example', path: '/p', url }), expected);
    });
  }

  it('stays below the path of the base URL', () => {
    const options = { baseUrl: 'https://gateway/anthropic', path: '/p' };
    assert.equal(resultsPath({ ...options, url: 'https://gateway/other/x' }), '/p/results');
    assert.equal(resultsPath({ ...options, url: 'https://gateway/anthropic/../other' }), '/p/results');
    assert.equal(resultsPath({ ...options, url: 'https://gateway/anthropic/x' }), 'https://gateway/anthropic/x');
  });
});

describe('secrets', () => {
  const assertSilent = (value: unknown) => {
    const shown = [
      inspect(value, { depth: 20, showHidden: true, getters: true }),
      String(value),
      JSON.stringify(value),
    ];
    for (const text of shown) assert.doesNotMatch(text ?? '', /SECRET|DOCUMENT/);
  };

  it('the provider shows neither key nor client', () => {
    assertSilent(createAnthropicProvider({ apiKey, baseUrl: 'http://127.0.0.1:1' }));
  });

  it('a server that quotes the request is not quoted', async () => {
    const local = await startLocalAnthropic();
    const provider = createAnthropicProvider({ apiKey, baseUrl: local.baseUrl });
    const message = `bad header Bearer ${apiKey}\n`;
    for (const httpStatus of [400, 401, 500]) {
      const quote = answerWith(httpStatus, { type: 'invalid_request_error', message });
      local.script('create', quote);
      local.readFault = quote;
      assertSilent(await provider.create(request, never));
      assertSilent(await provider.list({ limit: 1 }).catch((error: unknown) => error));
      assertSilent(await provider.results('x').catch((error: unknown) => error));
      assertSilent(await provider.cancel('x').catch((error: unknown) => error));
    }
    local.script('create', ({ response, received }) => void response.writeHead(502).end(received.body));
    assertSilent(await provider.create(request, never));
    await local.stop();
    assertSilent(await provider.create(request, never));
    assertSilent(await provider.list({ limit: 1 }).catch((error: unknown) => error));
  });

  for (const key of ['', 'sk-ant-SECRET\n', 'sk-ant-SECRET é', 'sk SECRET']) {
    it(`the key ${JSON.stringify(key.replace('SECRET', '…'))} is refused without being shown`, () => {
      assert.throws(
        () => createAnthropicProvider({ apiKey: key }),
        (error: unknown) => {
          assertSilent(error);
          return codeOf(error) === 'invalid-config';
        },
      );
    });
  }

  for (const baseUrl of ['', 'api.anthropic.com', 'ftp://x', 'http://user:SECRET@x', 'http://x?key=SECRET']) {
    it(`the base URL ${JSON.stringify(baseUrl.replace('SECRET', '…'))} is refused`, () => {
      assert.throws(
        () => createAnthropicProvider({ apiKey, baseUrl }),
        (error: unknown) => {
          assertSilent(error);
          return codeOf(error) === 'invalid-config';
        },
      );
    });
  }

  it('the environment is not read', async () => {
    const before = process.env.ANTHROPIC_BASE_URL;
    process.env.ANTHROPIC_BASE_URL = 'http://127.0.0.1:9';
    try {
      assert.equal(createAnthropicProvider({ apiKey }).baseUrl, 'https://api.anthropic.com');
    } finally {
      if (before === undefined) delete process.env.ANTHROPIC_BASE_URL;
      else process.env.ANTHROPIC_BASE_URL = before;
    }
  });
});

/** An error body of the provider, or a page of something in between; told not to be repeated, so that no test waits. */
function answerWith(httpStatus: number, error: Record<string, unknown> | null): Script {
  return ({ response }) => {
    response.setHeader('x-should-retry', 'false');
    if (error) sendError(response, httpStatus, error);
    else response.writeHead(httpStatus, { 'content-type': 'text/html' }).end('<html>no</html>');
  };
}

function codeOf(error: unknown): string | null {
  return error instanceof FlotillaError ? error.code : null;
}
