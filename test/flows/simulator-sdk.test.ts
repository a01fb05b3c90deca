import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';
import type { InvoicePage } from '#services/simulator/machine/invoice.ts';
import { type RunningSimulator, startSimulator } from '#services/simulator/service.ts';

const versions = ['2023-06-01', '2026-10-21'] as const;
const model = 'claude-haiku-5-5';
const schema = {
  type: 'object',
  additionalProperties: false,
  properties: { topic: { type: 'string' }, kind: { type: 'string', enum: ['a', 'b'] } },
  required: ['topic', 'kind'],
};

function params(content: string) {
  return { model, max_tokens: 200, messages: [{ role: 'user' as const, content }] };
}

async function untilEnded(client: Anthropic, id: string) {
  for (;;) {
    const batch = await client.messages.batches.retrieve(id);
    if (batch.processing_status === 'ended') return batch;
    await sleep(5);
  }
}

describe('the official SDK against every endpoint of the simulator', () => {
  let simulator: RunningSimulator;
  const clientOf = (workspace: string, version: string, useApiKeyHeader: boolean) =>
    new Anthropic({
      baseURL: simulator.baseUrl,
      apiKey: useApiKeyHeader ? 'not-a-key' : `sk-ant-${workspace}-secret`,
      maxRetries: 0,
      defaultHeaders: {
        'anthropic-version': version,
        // Where both are sent, x-api-key wins.
        ...(useApiKeyHeader ? { 'x-api-key': `sk-ant-${workspace}-secret` } : {}),
      },
    });

  before(async () => {
    simulator = await startSimulator({ latency: { minMs: 20, maxMs: 60 } });
  });
  after(() => simulator.close());

  for (const version of versions) {
    for (const useApiKeyHeader of [false, true]) {
      const name = `${version}, ${useApiKeyHeader ? 'x-api-key' : 'Authorization'}`;
      const workspace = `w${versions.indexOf(version)}${Number(useApiKeyHeader)}`;

      it(`creates, retrieves, lists, reads, deletes (${name})`, async () => {
        const client = clientOf(workspace, version, useApiKeyHeader);
        const requests = Array.from({ length: 5 }, (_, index) => ({
          custom_id: `item-${index}`,
          params: {
            ...params(`Document ${index}`),
            output_config: { format: { type: 'json_schema' as const, schema } },
          },
        }));
        const { data: created, response } = await client.messages.batches.create({ requests }).withResponse();
        assert.equal(created.processing_status, 'in_progress');
        assert.equal(created.request_counts.processing, 5);
        assert.equal(response.headers.get('anthropic-workspace-id'), `wrkspc_${workspace}`);
        assert.ok(response.headers.get('anthropic-organization-id'));
        assert.match(response.headers.get('request-id') ?? '', /^req_/);
        assert.ok(Math.abs(Date.parse(response.headers.get('date') ?? '') - Date.now()) < 5_000);
        const others = [
          await client.messages.batches.create({ requests }),
          await client.messages.batches.create({ requests }),
        ];
        const listed = await Array.fromAsync(client.messages.batches.list({ limit: 1 }));
        assert.deepEqual(
          listed.map(batch => batch.id),
          [...others.map(batch => batch.id).reverse(), created.id],
        );
        const ended = await untilEnded(client, created.id);
        assert.equal(ended.request_counts.succeeded, 5);
        const lines = await Array.fromAsync(await client.messages.batches.results(created.id));
        assert.equal(new Set(lines.map(line => line.custom_id)).size, 5);
        for (const { result } of lines) {
          assert.equal(result.type, 'succeeded');
          const [block] = result.type === 'succeeded' ? result.message.content : [];
          const output = JSON.parse(block?.type === 'text' ? block.text : '');
          assert.ok(['a', 'b'].includes(output.kind));
        }
        assert.equal((await client.messages.batches.delete(created.id)).type, 'message_batch_deleted');
        await assert.rejects(client.messages.batches.retrieve(created.id), { status: 404 });
      });

      it(`cancels what has not ended yet (${name})`, async test => {
        const slow = await startSimulator({ latency: { minMs: 2_000, maxMs: 2_000 } });
        test.after(() => slow.close());
        const client = clientOf(workspace, version, useApiKeyHeader).withOptions({ baseURL: slow.baseUrl });
        const created = await client.messages.batches.create({ requests: [{ custom_id: 'one', params: params('x') }] });
        const canceling = await client.messages.batches.cancel(created.id);
        assert.equal(canceling.processing_status, 'canceling');
        assert.ok(canceling.cancel_initiated_at);
        const { request_counts: counts } = await untilEnded(client, created.id);
        assert.equal(counts.succeeded + counts.canceled, 1);
      });

      it(`answers and streams messages, counts tokens, lists models (${name})`, async () => {
        const client = clientOf(workspace, version, useApiKeyHeader);
        const message = await client.messages.create(params('A short document.'));
        assert.equal(message.stop_reason, 'end_turn');
        assert.equal(message.usage.service_tier, 'standard');
        const streamed = await client.messages.stream(params('A short document.')).finalMessage();
        assert.deepEqual(streamed.content, message.content);
        assert.equal(streamed.usage.output_tokens, message.usage.output_tokens);
        const counted = await client.messages.countTokens({ model, messages: params('A short document.').messages });
        assert.equal(counted.input_tokens, message.usage.input_tokens);
        assert.ok((await client.models.list()).data.some(known => known.id === model));
        assert.equal((await client.models.retrieve(model)).id, model);
      });
    }
  }

  it('warms the cache with max_tokens 0, for a batch to read', async () => {
    const client = clientOf('warm', '2026-10-21', false);
    const marker = { type: 'ephemeral' as const, ttl: '1h' as const };
    const system = [{ type: 'text' as const, text: 'shared '.repeat(1_000), cache_control: marker }];
    const warm = await client.messages.create({ ...params('x'), system, max_tokens: 0 });
    assert.equal(warm.usage.cache_creation?.ephemeral_1h_input_tokens, 1_750);
    assert.deepEqual([warm.content, warm.usage.output_tokens], [[], 0]);
    await sleep(1_500);
    const again = await client.messages.create({ ...params('y'), system });
    assert.equal(again.usage.cache_read_input_tokens, 1_750);
  });

  it('refuses in the envelope of the wire', async () => {
    const call = async (path: string, headers: Record<string, string>, body?: string | Buffer) => {
      const init = body === undefined ? { headers } : { headers, body, method: 'POST' };
      const response = await fetch(`${simulator.baseUrl}${path}`, init);
      return { status: response.status, body: await response.json(), id: response.headers.get('request-id') };
    };
    const key = { 'x-api-key': 'sk-ant-w-1', 'anthropic-version': '2026-10-21' };
    const missing = await call('/v1/nothing', key);
    assert.deepEqual(missing.body, {
      type: 'error',
      error: { type: 'not_found_error', message: 'Not found' },
      request_id: missing.id,
    });
    assert.equal((await call('/v1/messages/batches', { ...key, 'x-api-key': 'pk-1' })).status, 401);
    assert.equal((await call('/v1/messages/batches', { 'anthropic-version': '2026-10-21' })).status, 401);
    assert.equal((await call('/v1/messages/batches', { ...key, 'anthropic-version': '2020-01-01' })).status, 400);
    assert.equal((await call('/v1/messages/batches', { 'x-api-key': 'sk-ant-w-1' })).status, 400);
    assert.equal((await call('/v1/messages/batches', key, '{')).status, 400);
    assert.equal((await call('/v1/messages/batches', key, '{"requests":[],"metadata":{}}')).status, 400);
    assert.equal((await call('/v1/messages', key, JSON.stringify({ ...params('x'), model: 'nobody' }))).status, 404);
    assert.equal((await call('/v1/messages', key, JSON.stringify({ ...params('x'), temperature: 1 }))).status, 400);
    const packed = gzipSync(JSON.stringify({ requests: [{ custom_id: 'a', params: params('x') }] }));
    const gzip = { ...key, 'content-encoding': 'gzip', 'content-type': 'application/json' };
    assert.equal((await call('/v1/messages/batches', gzip, packed)).status, 200);
  });

  it('refuses bodies over the limit, before and after decoding', async () => {
    const small = await startSimulator({ bytesMax: 10_000 });
    const headers = { 'x-api-key': 'sk-ant-w-1', 'anthropic-version': '2026-10-21' };
    const body = JSON.stringify({ requests: [{ custom_id: 'a', params: params('x'.repeat(20_000)) }] });
    const url = `${small.baseUrl}/v1/messages/batches`;
    const plain = await fetch(url, { method: 'POST', headers, body });
    const refused = (await plain.json()) as { error: { type: string } };
    assert.deepEqual([plain.status, refused.error.type], [413, 'request_too_large']);
    const packed = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-encoding': 'gzip' },
      body: gzipSync(body),
    });
    assert.equal(packed.status, 413);
    const decoded = (await packed.json()) as { error: { details: { error_code: string } } };
    assert.equal(decoded.error.details.error_code, 'request_body_too_large_after_decoding');
    await small.close();
  });

  it('shows invoice, faults and health without a key', async () => {
    const response = await fetch(`${simulator.baseUrl}/simulator/invoice?limit=2`);
    const invoice = (await response.json()) as InvoicePage;
    assert.equal(invoice.rows.length, 2);
    assert.ok(invoice.nextAfter === 2 && invoice.totals.rowCount > 2 && invoice.totals.costPicoDollars > 0);
    assert.deepEqual(await (await fetch(`${simulator.baseUrl}/simulator/faults`)).json(), { faults: {} });
    assert.equal((await fetch(`${simulator.baseUrl}/simulator/health`)).status, 200);
  });
});
