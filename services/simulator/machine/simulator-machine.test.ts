import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryStore } from '../store/memory-store.ts';
import type { Reply } from './api-error.ts';
import { wireBatch } from './batch-record.ts';
import type { ListQuery } from './list-page.ts';
import type { MachineOptions } from './machine-options.ts';
import { SimulatorMachine } from './simulator-machine.ts';

const start = Date.parse('2026-11-21T18:00:00Z');
const hourMs = 3_600_000;
const version = '2026-10-21';

function setup(options: Partial<MachineOptions> = {}) {
  const machine = new SimulatorMachine({
    store: createMemoryStore(),
    latency: { minMs: 1_000, maxMs: 3_000 },
    ...options,
  });
  const create = (count: number, now = start, extra: object = {}) =>
    value(machine.createBatch({ workspace: 'w', now, version, items: items(count, extra) }));
  const lines = (id: string, now: number) =>
    [...value(machine.readResults({ workspace: 'w', id, now })).chunks].flat().map(line => JSON.parse(line));
  return { machine, create, lines };
}

function items(count: number, extra: object = {}) {
  return Array.from({ length: count }, (_, index) => ({
    customId: `c-${index}`,
    params: JSON.stringify({
      model: 'claude-haiku-5-5',
      max_tokens: 200,
      messages: [{ role: 'user', content: `Document number ${index}` }],
      ...extra,
    }),
  }));
}

function value<T>(reply: Reply<T>): T {
  assert.equal(reply.status, 'done', JSON.stringify(reply));
  return (reply as { value: T }).value;
}

function refusal(reply: Reply<unknown>) {
  assert.equal(reply.status, 'refused');
  return (reply as Extract<Reply<unknown>, { status: 'refused' }>).error;
}

describe('SimulatorMachine', () => {
  it('counts everything as processing until the whole batch has ended, and shows results only then', () => {
    const { machine, create } = setup();
    const { id } = create(5);
    const before = wireBatch(value(machine.getBatch({ workspace: 'w', id, now: start + 999 })), 'http://x');
    assert.equal(before.processing_status, 'in_progress');
    assert.deepEqual(before.request_counts, { processing: 5, succeeded: 0, errored: 0, canceled: 0, expired: 0 });
    assert.equal(before.results_url, null);
    assert.equal(refusal(machine.readResults({ workspace: 'w', id, now: start + 999 })).httpStatus, 404);
    assert.equal(refusal(machine.deleteBatch({ workspace: 'w', id, now: start + 999 })).httpStatus, 400);
    const after = wireBatch(value(machine.getBatch({ workspace: 'w', id, now: start + 3_000 })), 'http://x');
    assert.equal(after.processing_status, 'ended');
    assert.deepEqual(after.request_counts, { processing: 0, succeeded: 5, errored: 0, canceled: 0, expired: 0 });
    assert.equal(after.results_url, `http://x/v1/messages/batches/${id}/results`);
  });

  it('gives one line and one invoice row per item, out of order, the same at every read', () => {
    const { machine, create, lines } = setup();
    const { id } = create(40);
    const first = lines(id, start + hourMs);
    assert.deepEqual(lines(id, start + 2 * hourMs), first);
    const ids = first.map(line => line.custom_id);
    assert.equal(new Set(ids).size, 40);
    assert.notDeepEqual(
      ids,
      items(40).map(item => item.customId),
    );
    const { rows, totals } = machine.invoicePage({ now: start + hourMs });
    assert.equal(rows.length, 40);
    assert.equal(
      totals.costPicoDollars,
      rows.reduce((sum, row) => sum + row.costPicoDollars, 0),
    );
  });

  it('validates params while it processes: bad items become errored lines, unbilled', () => {
    const { machine, lines } = setup();
    const bad: [string, object | null][] = [
      ['no-model', { model: undefined }],
      ['unknown-model', { model: 'claude-nobody-9' }],
      ['zero-tokens', { max_tokens: 0 }],
      ['no-messages', { messages: [] }],
      ['temperature', { temperature: 0.5 }],
      ['stream', { stream: true }],
      ['not-json', null],
      ['good', {}],
    ];
    const made = bad.map(([customId, extra]) => ({
      customId,
      params: extra === null ? '{' : JSON.stringify({ ...JSON.parse(items(1)[0]?.params ?? ''), ...extra }),
    }));
    const { id } = value(machine.createBatch({ workspace: 'w', now: start, version, items: made }));
    const byId = new Map(lines(id, start + hourMs).map(line => [line.custom_id, line.result]));
    assert.equal(byId.get('good').type, 'succeeded');
    assert.equal(byId.get('unknown-model').error.error.type, 'not_found_error');
    assert.equal(byId.get('temperature').error.error.message, 'temperature: Extra inputs are not permitted');
    for (const [customId] of bad.slice(0, -1)) assert.equal(byId.get(customId).type, 'errored', customId);
    assert.equal(machine.invoicePage({ now: start + hourMs }).totals.rowCount, 1);
  });

  it('accepts temperature under the former version', () => {
    const { machine, lines } = setup();
    const made = items(1, { temperature: 0.5 });
    const { id } = value(machine.createBatch({ workspace: 'w', now: start, version: '2023-06-01', items: made }));
    assert.equal(lines(id, start + hourMs)[0].result.type, 'succeeded');
  });

  it('refuses an envelope with bad, repeated or too many ids, and a full queue', () => {
    const { machine, create } = setup({ requestsMax: 10, queuedRequestsMax: 12, bytesMax: 5_000 });
    const call = (made: { customId: string; params: string }[]) =>
      refusal(machine.createBatch({ workspace: 'w', now: start, version, items: made }));
    const one = items(1)[0] as { customId: string; params: string };
    assert.equal(call([]).httpStatus, 400);
    assert.equal(call([one, one]).httpStatus, 400);
    assert.equal(call([{ ...one, customId: 'a b' }]).httpStatus, 400);
    assert.equal(call(items(11)).httpStatus, 400);
    assert.equal(call([{ ...one, params: 'x'.repeat(5_001) }]).httpStatus, 413);
    create(10);
    assert.equal(call(items(3)).type, 'rate_limit_error');
    value(machine.createBatch({ workspace: 'other', now: start, version, items: items(3) }));
    create(3, start + hourMs);
  });

  it('lists newest first and pages both ways', () => {
    const { machine, create } = setup();
    const ids = [1, 2, 3, 4, 5].map(step => create(1, start + step).id).reverse();
    const page = (query: ListQuery) => {
      const { batches, hasMore } = value(machine.listBatches({ workspace: 'w', now: start + 10, ...query }));
      return { ids: batches.map(batch => batch.id), hasMore };
    };
    assert.deepEqual(page({ limit: 2 }), { ids: ids.slice(0, 2), hasMore: true });
    assert.deepEqual(page({ limit: 2, afterId: ids[1] ?? '' }), { ids: ids.slice(2, 4), hasMore: true });
    assert.deepEqual(page({ limit: 2, afterId: ids[3] ?? '' }), { ids: ids.slice(4), hasMore: false });
    assert.deepEqual(page({ limit: 2, beforeId: ids[3] ?? '' }), { ids: ids.slice(1, 3), hasMore: true });
    assert.deepEqual(page({}), { ids, hasMore: false });
    const both = { afterId: ids[0] ?? '', beforeId: ids[1] ?? '' };
    const wrong: ListQuery[] = [{ limit: 0 }, { limit: 1_001 }, both, { afterId: 'none' }];
    for (const query of wrong) {
      refusal(machine.listBatches({ workspace: 'w', now: start + 10, ...query }));
    }
    assert.deepEqual(value(machine.listBatches({ workspace: 'other', now: start })).batches, []);
  });

  it('finishes what has started when it is canceled, and cancels the rest', () => {
    const { machine, create } = setup({ latency: { minMs: 10_000, maxMs: 10_000 } });
    const { id } = create(400);
    const canceling = value(machine.cancelBatch({ workspace: 'w', id, now: start + 600 }));
    assert.equal(wireBatch(canceling, '').processing_status, 'canceling');
    const { counts } = value(machine.getBatch({ workspace: 'w', id, now: start + hourMs }));
    assert.equal((counts?.succeeded ?? 0) + (counts?.canceled ?? 0), 400);
    assert.ok((counts?.canceled ?? 0) > 0);
    assert.equal(machine.invoicePage({ now: start + hourMs }).totals.rowCount, counts?.succeeded);
    assert.equal(refusal(machine.cancelBatch({ workspace: 'w', id, now: start + hourMs })).httpStatus, 400);
  });

  it('cancels too late when told so: everything is done', () => {
    const { machine, create } = setup({ faults: { 'batch-cancel-late': { probability: 1 } } });
    const { id } = create(10);
    value(machine.cancelBatch({ workspace: 'w', id, now: start + 1 }));
    const { counts } = value(machine.getBatch({ workspace: 'w', id, now: start + hourMs }));
    assert.deepEqual(counts, { succeeded: 10, errored: 0, canceled: 0, expired: 0 });
  });

  it('expires after 24 h with what was done by then, or with nothing', () => {
    for (const kind of ['batch-expire-partial', 'batch-expire-empty'] as const) {
      const { machine, create } = setup({ faults: { [kind]: { probability: 1 } } });
      const { id } = create(100);
      const running = value(machine.getBatch({ workspace: 'w', id, now: start + 24 * hourMs - 1 }));
      assert.equal(running.endedAt, null);
      const { counts, endedAt } = value(machine.getBatch({ workspace: 'w', id, now: start + 24 * hourMs }));
      assert.equal(endedAt, start + 24 * hourMs);
      const succeeded = counts?.succeeded ?? 0;
      assert.ok(
        kind === 'batch-expire-empty' ? succeeded === 0 : succeeded > 20 && succeeded < 80,
        `${kind} ${succeeded}`,
      );
      assert.equal(succeeded + (counts?.expired ?? 0), 100);
    }
  });

  it('keeps results 29 days and the batch for ever; delete removes it', () => {
    const { machine, create } = setup({ timeScale: 24 });
    const { id } = create(2);
    const scaledDayMs = hourMs;
    const late = start + 29 * scaledDayMs;
    value(machine.readResults({ workspace: 'w', id, now: late - 1 }));
    assert.equal(refusal(machine.readResults({ workspace: 'w', id, now: late })).httpStatus, 404);
    const archived = wireBatch(value(machine.getBatch({ workspace: 'w', id, now: late })), '');
    assert.equal(archived.archived_at, new Date(late).toISOString().replace('Z', '000Z'));
    value(machine.deleteBatch({ workspace: 'w', id, now: late }));
    assert.equal(refusal(machine.getBatch({ workspace: 'w', id, now: late })).httpStatus, 404);
    assert.deepEqual(value(machine.listBatches({ workspace: 'w', now: late })).batches, []);
  });

  it('does the same from the same seed, whenever it is asked', () => {
    const faults = { 'item-transient': { probability: 0.2 }, 'results-lose-lines': { probability: 0.5, lines: 2 } };
    const runs = [1, 50].map(looks => {
      const { machine, create, lines } = setup({ seed: 7, faults });
      const ids = [0, 1, 2].map(step => create(20, start + step).id);
      for (let look = 0; look < looks; look += 1) machine.advance(start + look * 100);
      return JSON.stringify([ids.map(id => lines(id, start + hourMs)), machine.invoicePage({ now: start + hourMs })]);
    });
    assert.equal(runs[0], runs[1]);
    const other = setup({ seed: 8, faults });
    assert.notEqual(other.create(20).id, setup({ seed: 7, faults }).create(20).id);
  });

  it('takes 7 minutes in the median and an hour in the ninetieth percentile, like the provider', () => {
    const { machine } = setup({ latency: 'provider-like' });
    const durations = Array.from({ length: 500 }, (_, index) => {
      const record = value(machine.createBatch({ workspace: `w${index}`, now: start, version, items: items(1) }));
      return (record.dueAt - start) / 60_000;
    }).sort((first, second) => first - second);
    assert.ok(Math.abs((durations[250] ?? 0) - 7) < 2, `median ${durations[250]}`);
    assert.ok(Math.abs((durations[450] ?? 0) - 60) < 25, `p90 ${durations[450]}`);
  });

  it('lets a model obey an order to copy a code', () => {
    const { create, lines } = setup();
    const schema = {
      type: 'object',
      additionalProperties: false,
      properties: { code: { type: 'string' }, topic: { type: 'string' } },
      required: ['code', 'topic'],
    };
    const { id } = create(1, start, {
      messages: [{ role: 'user', content: 'A text. Copy the code QX-17 into the field code.' }],
      output_config: { format: { type: 'json_schema', schema } },
    });
    const [line] = lines(id, start + hourMs);
    assert.equal(JSON.parse(line.result.message.content[0].text).code, 'QX-17');
  });

  it('makes foreign batches which are billed as such', () => {
    const { machine, create } = setup({ faults: { 'batch-foreign': { probability: 1 } } });
    create(3);
    const batches = machine.batches(start + hourMs);
    assert.deepEqual(batches.map(batch => batch.isForeign).sort(), [false, true]);
    assert.equal(machine.invoicePage({ now: start + hourMs }).rows.filter(row => row.isForeign).length, 3);
  });

  it('shares the cache inside a workspace: the first write is read later, not by those who start with it', () => {
    const { machine, lines } = setup({ latency: { minMs: 60_000, maxMs: 60_000 } });
    const shared = { type: 'text', text: 'x'.repeat(4_000), cache_control: { type: 'ephemeral', ttl: '1h' } };
    const made = items(30, { system: [shared] });
    const { id } = value(machine.createBatch({ workspace: 'w', now: start, version, items: made }));
    const usages = lines(id, start + hourMs).map(line => line.result.message.usage);
    const writes = usages.filter(usage => usage.cache_creation.ephemeral_1h_input_tokens === 1_000).length;
    const reads = usages.filter(usage => usage.cache_read_input_tokens === 1_000).length;
    assert.equal(writes + reads, 30);
    assert.ok(writes >= 1 && reads >= 1, `${writes} writes, ${reads} reads`);
  });
});

describe('SimulatorMachine and hostile items', () => {
  it('makes an errored line of an item that nests without end, and answers the others', () => {
    const { machine, lines } = setup();
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const block = `{"type":"x","cache_control":{"type":"ephemeral"},"y":${deep}}`;
    const params = `{"model":"claude-haiku-5-5","max_tokens":9,"messages":[{"role":"user","content":[${block}]}]}`;
    const made = [...items(2), { customId: 'deep', params }];
    const { id } = value(machine.createBatch({ workspace: 'w', now: start, version, items: made }));
    const types = lines(id, start + hourMs).map(line => line.result.type);
    assert.deepEqual(types.sort(), ['errored', 'succeeded', 'succeeded']);
  });
});
