import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { ResultLine } from '#ports/batch-provider.ts';
import {
  type LocalAnthropic,
  startLocalAnthropic,
  succeededLine,
} from '#test/conformance/batch-provider-local-anthropic.ts';
import type { AnthropicProviderOptions } from './anthropic-account.ts';
import { createAnthropicProvider } from './create-anthropic-provider.ts';

const MEGABYTE = 1_000_000;

describe('streamResultLines', () => {
  let local: LocalAnthropic | null = null;
  const setup = async (options: Partial<AnthropicProviderOptions> = {}) => {
    local = await startLocalAnthropic();
    const provider = createAnthropicProvider({ apiKey: 'sk-ant-1', baseUrl: local.baseUrl, ...options });
    const items = ['a', 'b', 'c'].map(customId => ({ customId, body: '{}' }));
    const request = { label: { fleet: 'f', bk: 'b', sub: 1 }, isInTime: () => true, items };
    const outcome = await provider.create(request, new AbortController().signal);
    assert.ok(outcome.status === 'created');
    const lines = items.map(({ customId }) => succeededLine(customId, { content: [{ type: 'text', text: 'é 😀' }] }));
    local.end(outcome.pid, lines);
    const read = async (into: ResultLine[] = []) => {
      const results = await provider.results(outcome.pid);
      assert.ok(results.status === 'ended');
      for await (const line of results.lines) into.push(line);
      return { lineCount: results.lineCount, lines: into };
    };
    const send = (script: (response: ServerResponse) => void) =>
      local?.script('results', ({ response }) => script(response));
    return {
      local,
      provider,
      pid: outcome.pid,
      jsonl: Buffer.from(lines.map(line => `${line}\n`).join('')),
      read,
      send,
    };
  };
  afterEach(async () => {
    await local?.stop();
    local = null;
  });

  const customIds = (lines: readonly ResultLine[]) =>
    lines.map(line => ('customId' in line ? line.customId : line.type));

  it('asks for bytes, with the key', async () => {
    const { local, read } = await setup();
    await read();
    const call = local.calls.find(({ kind }) => kind === 'results');
    assert.equal(call?.headers.accept, 'application/binary');
    assert.equal(call.headers.authorization, 'Bearer sk-ant-1');
  });

  it('reads a stream that comes byte by byte', async () => {
    const { jsonl, read, send } = await setup();
    send(response => {
      let at = 0;
      const sendNext = () => {
        if (at === jsonl.length) response.end();
        else response.write(jsonl.subarray(at, ++at), sendNext);
      };
      response.socket?.setNoDelay(true);
      sendNext();
    });
    const { lines } = await read();
    assert.deepEqual(customIds(lines), ['a', 'b', 'c']);
    assert.ok(lines.every(line => line.type === 'succeeded' && line.answer.text === 'é 😀'));
  });

  for (const contentType of ['text/html', 'application/json', 'application/x-jsonl', null]) {
    it(`N3: content type ${contentType ?? 'none'} changes nothing`, async () => {
      const { jsonl, read, send } = await setup();
      send(response => {
        if (contentType) response.setHeader('content-type', contentType);
        response.end(jsonl);
      });
      assert.deepEqual(customIds((await read()).lines), ['a', 'b', 'c']);
    });
  }

  it('takes CRLF, blank lines and a missing line break at the end', async () => {
    const { jsonl, read, send } = await setup();
    send(response => void response.end(jsonl.toString().replaceAll('\n', '\r\n\r\n').trimEnd()));
    assert.deepEqual(customIds((await read()).lines), ['a', 'b', 'c']);
  });

  it('E3: a malformed line in the middle costs no other line', async () => {
    const { jsonl, read, send } = await setup();
    const [a, b, c] = jsonl.toString().split('\n');
    send(response => void response.end([a, b?.slice(0, 100), c, ''].join('\n')));
    assert.deepEqual(customIds((await read()).lines), ['a', 'unreadable', 'c']);
  });

  it('N2 E2: a cut at a line boundary shows as fewer lines than the counts say', async () => {
    const { jsonl, read, send } = await setup();
    send(response => void response.end(jsonl.subarray(0, jsonl.indexOf('\n') + 1)));
    const { lines, lineCount } = await read();
    assert.deepEqual([lines.length, lineCount], [1, 3]);
  });

  it('E2: a cut inside a line leaves an unreadable last line', async () => {
    const { jsonl, read, send } = await setup();
    send(response => void response.end(jsonl.subarray(0, -20)));
    assert.deepEqual(customIds((await read()).lines), ['a', 'b', 'unreadable']);
  });

  for (const [what, headers] of [
    ['of unknown length', {}],
    ['of known length', { 'content-length': '1000000' }],
  ] as const) {
    it(`a reset in the middle of a stream ${what} throws, retryable, after the lines before it`, async () => {
      const { jsonl, provider, pid, send } = await setup();
      const seen = Promise.withResolvers<void>();
      send(response => {
        response.writeHead(200, headers);
        response.write(jsonl.subarray(0, -20));
        // Broken only when the lines before have been seen: fetch may drop what it holds when a connection breaks.
        void seen.promise.then(() => response.destroy());
      });
      const results = await provider.results(pid);
      assert.ok(results.status === 'ended');
      const lines: ResultLine[] = [];
      const read = async () => {
        for await (const line of results.lines) if (lines.push(line) === 2) seen.resolve();
      };
      await assert.rejects(read(), isRetryable);
      assert.deepEqual(customIds(lines), ['a', 'b']);
    });
  }

  it('a stream that falls silent throws, retryable', async () => {
    const { jsonl, read, send } = await setup({ readTimeoutMs: 60 });
    send(response => void response.write(jsonl.subarray(0, -20)));
    await assert.rejects(read(), isRetryable);
  });

  it('N1: 404 for the lines of a batch that has ended throws, and proves nothing', async () => {
    const { read, send } = await setup();
    send(
      response => void response.writeHead(404).end('{"type":"error","error":{"type":"not_found_error","message":"x"}}'),
    );
    await assert.rejects(
      read(),
      (error: unknown) => error instanceof FlotillaError && error.code === 'provider-unavailable',
    );
  });

  it('N8: a line of 40 MB costs its own item only', async () => {
    const { jsonl, read, send } = await setup({ resultLineBytesMax: MEGABYTE });
    const [a, , c] = jsonl.toString().split('\n');
    const part = Buffer.alloc(MEGABYTE, 'x');
    send(response => {
      response.write(
        `${a}\n{"custom_id":"b","result":{"type":"succeeded","message":{"content":[{"type":"text","text":"`,
      );
      let count = 0;
      const sendNext = () => {
        count += 1;
        if (count > 40) response.end(`"}]}}}\n${c}\n`);
        else response.write(part, sendNext);
      };
      sendNext();
    });
    const { lines } = await read();
    assert.deepEqual(customIds(lines), ['a', 'b', 'c']);
    assert.deepEqual(lines[1], { type: 'too-large', customId: 'b' });
  });

  it('gives the connection up when it is left in the middle', async () => {
    const { provider, pid, jsonl, send } = await setup();
    let closed: Promise<void> | undefined;
    send(response => {
      closed = new Promise(resolve => response.once('close', resolve));
      response.write(jsonl);
    });
    const results = await provider.results(pid);
    assert.ok(results.status === 'ended');
    for await (const _line of results.lines) break;
    await closed;
  });

  it('asks for nothing until the first line is wanted', async () => {
    const { local, provider, pid } = await setup();
    await provider.results(pid);
    assert.equal(local.countOf('results'), 0);
  });
});

function isRetryable(error: unknown): boolean {
  return error instanceof FlotillaError && error.code === 'provider-unavailable' && error.isRetryable;
}
