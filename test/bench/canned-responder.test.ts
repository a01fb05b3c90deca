import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { cannedModel } from './canned-batches.ts';
import { type Responder, startResponder } from './start-responder.ts';

describe('canned responder, driven by the official SDK', async () => {
  const responder = await startResponder();
  after(() => responder.stop());

  it('ends a batch at its first look, with every item answered under its own id', async () => {
    const client = setup(responder);
    const created = await client.messages.batches.create({ requests: requests('a', 3) });
    assert.equal(created.processing_status, 'in_progress');
    assert.equal(created.request_counts.processing, 3);
    const ended = await client.messages.batches.retrieve(created.id);
    assert.equal(ended.processing_status, 'ended');
    assert.equal(ended.request_counts.succeeded, 3);
    const answered: string[] = [];
    for await (const line of await client.messages.batches.results(created.id)) {
      assert.equal(line.result.type, 'succeeded');
      answered.push(line.custom_id);
    }
    assert.deepEqual(answered, ['a-0', 'a-1', 'a-2']);
  });

  it('is not fooled by a document that quotes a custom id', async () => {
    const client = setup(responder);
    const [request] = requests('b', 1);
    request!.params.messages = [{ role: 'user', content: '{"custom_id":"c-0"}' }];
    const { request_counts: counts } = await client.messages.batches.create({ requests: [request!] });
    assert.equal(counts.processing, 1);
  });

  it('lists newest first, page after page, and counts what it sold', async () => {
    const client = setup(responder);
    const before = await responder.sold();
    const sinceMs = Date.now();
    const ids: string[] = [];
    for (let at = 0; at < 5; at += 1)
      ids.push((await client.messages.batches.create({ requests: requests(`d${at}`, 2) })).id);
    const listed: string[] = [];
    for await (const batch of client.messages.batches.list({ limit: 2 })) listed.push(batch.id);
    assert.deepEqual(listed.slice(0, 5), ids.toReversed());
    assert.equal(listed.length, before.batches + 5);
    assert.equal((await responder.sold()).items, before.items + 10);
    assert.deepEqual(
      (await responder.createsSince(sinceMs)).slice(-5).map(create => create.id),
      ids,
    );
  });

  it('shows the owner of the key and answers an unknown batch with 404', async () => {
    const client = setup(responder);
    const { response } = await client.messages.batches.list({ limit: 1 }).withResponse();
    for (const header of ['request-id', 'anthropic-organization-id', 'anthropic-workspace-id', 'date'])
      assert.ok(response.headers.get(header), header);
    await assert.rejects(client.messages.batches.retrieve('msgbatch_unknown'), Anthropic.NotFoundError);
  });
});

function setup(responder: Responder): Anthropic {
  return new Anthropic({ apiKey: 'sk-ant-bench', baseURL: responder.baseUrl, maxRetries: 0 });
}

function requests(stem: string, count: number): Anthropic.Messages.BatchCreateParams.Request[] {
  return Array.from({ length: count }, (_, index) => ({
    custom_id: `${stem}-${index}`,
    params: { model: cannedModel, max_tokens: 16, messages: [{ role: 'user', content: 'hello' }] },
  }));
}
