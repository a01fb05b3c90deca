import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { answerHeaders, deadLetterHeaders } from '#core/answer-headers.ts';
import { deadLetterAliases, headerNames, intakeHeaders } from '#core/headers.ts';
import { resultJson, type Terminal } from '#core/terminal.ts';
import { checkProperty } from '#test/support/check-property.ts';
import { documentSchema } from './document-schema.ts';
import { deadLetterHeadersSchema, documentHeadersSchema, resultHeadersSchema } from './header-schemas.ts';
import { parseDocument } from './parse-document.ts';
import { resultSchema } from './result-schema.ts';

const context = { tasks: new Set(['summarise']), hasAnthropic: true };
const byHeader = { [headerNames.task]: 'summarise' };

/** The two agree: what the schema takes is a document, what it refuses is a reject. */
function assertAgreement(value: unknown): void {
  const parsed = parseDocument({ value: Buffer.from(JSON.stringify(value)), headers: byHeader }, context);
  const isValid = documentSchema.safeParse(value).success;
  assert.equal(isValid, parsed.is === 'document', `${JSON.stringify(value)} ${JSON.stringify(parsed)}`);
}

const messages = [{ role: 'user', content: 'Hello' }];
const params = { model: 'm', max_tokens: 1, messages };

describe('the schema of documents', () => {
  for (const value of [
    { custom_id: 'a', params },
    { custom_id: 'a', params: { ...params, temperature: 1, more: {} }, metadata: null },
    { custom_id: 'a', params: { ...params, max_tokens: 0 } },
    { custom_id: 'a', params: { ...params, model: '' } },
    { custom_id: 'a', params: { ...params, messages: [] } },
    { custom_id: 'a', params: { ...params, messages: [{ content: [1] }] } },
    { custom_id: 'a', params: { ...params, messages: [{ content: [{}] }] } },
    { custom_id: 'a', params, task: 'summarise' },
    { custom_id: 'a', content: 'x' },
    { custom_id: 'a', content: '' },
    { custom_id: 'a', data: null },
    { custom_id: 'a', data: [1, { a: 'b' }], metadata: { any: 1 } },
    { custom_id: 'a', messages },
    { custom_id: 'a', messages: [{}] },
    { custom_id: 'a', content: 'x', data: 1 },
    { custom_id: 'a', content: 'x', task: 'summarise' },
    { custom_id: 'a', content: 'x', task: '' },
    { custom_id: 'a', content: 'x', task: 7 },
    { custom_id: 'a', content: 'x', contents: 'y' },
    { custom_id: '', content: 'x' },
    { custom_id: '🚢'.repeat(256), content: 'x' },
    { custom_id: '🚢'.repeat(257), content: 'x' },
    { custom_id: 7, content: 'x' },
    { content: 'x' },
    { custom_id: 'a', ref: { uri: 'file:a' } },
    { custom_id: 'a' },
    {},
    [],
    null,
  ]) {
    it(`agrees with the parser about ${JSON.stringify(value).slice(0, 80)}`, () => assertAgreement(value));
  }

  it('agrees with the parser about whatever is made of these fields', () => {
    const odd = fc.constantFrom<unknown>('', 'x', 7, null, [], {}, messages, [{ content: 5 }], params, true);
    const fields = ['custom_id', 'task', 'content', 'data', 'messages', 'metadata', 'params', 'more'] as const;
    const task = fc.constantFrom(undefined, 'summarise');
    checkProperty(
      fc.property(fc.dictionary(fc.constantFrom(...fields), odd), task, (value, named) =>
        // Whether a task is known is decided by the configuration, not by the schema.
        assertAgreement(typeof value.task === 'string' && value.task !== '' ? { ...value, task: named } : value),
      ),
    );
  });
});

const terminal: Terminal = {
  rid: { partition: 2, offset: 17 },
  att: 1,
  bk: 'abcdefghijkl',
  run: 'r_1',
  customId: 'doc',
  outcome: 'succeeded',
  attempts: 2,
  output: { any: 1 },
  body: { id: 'msg' },
  usage: { input: 1, output: 2, cacheRead: 3, cacheWrite5m: 4, cacheWrite1h: 5 },
  cost: { billed: 1_500_000, individual: 3_000_000_000 },
  raisedMaxTokens: null,
  metadata: [1],
  line: 4,
  tenant: 'acme',
  replayOf: '0/3',
  failure: null,
};
const shared = { requestKey: 'a'.repeat(64), reusedFrom: { partition: 1, offset: 5 } };
const failure = { cause: 'refused', class: 'document', where: 'messages', why: 'no', replayCount: 1 } as const;
const failed = { ...terminal, outcome: 'refused', failure } as const;
const echoed = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=1',
  ce_id: '1',
  ce_source: '/orders',
  ce_type: 'order.placed',
  'idempotency-key': 'k',
};
const origin = { key: 'k', value: Buffer.from('{}'), headers: { ...echoed, 'flotilla-original': 'a/0/17' }, at: 5 };

describe('the schema of results', () => {
  it('takes every field that is written, and no other is', () => {
    for (const each of [
      terminal,
      { ...terminal, ...shared },
      failed,
      { ...failed, customId: null, usage: null, cost: null, body: null },
    ]) {
      const value = JSON.parse(resultJson(each)) as object;
      assert.deepEqual(resultSchema.parse(value), value, 'nothing is stripped');
    }
  });
});

describe('the schemas of headers', () => {
  it('have every header that is written, and no other', () => {
    const results = answerHeaders({ ...terminal, ...shared }, origin);
    assert.deepEqual(Object.keys(results).sort(), Object.keys(resultHeadersSchema.shape).sort());
    assert.deepEqual(resultHeadersSchema.parse(results), results);
    const names = { topic: 't', group: 'g' };
    const letters = { ...deadLetterHeaders(failed, { origin, names }), [headerNames.original]: 'a/0/17' };
    assert.deepEqual(Object.keys(letters).sort(), Object.keys(deadLetterHeadersSchema.shape).sort());
    assert.deepEqual(deadLetterHeadersSchema.parse(letters), letters);
  });

  it('have every name we know, but for those that only our own intake may set', () => {
    const schemas = [documentHeadersSchema, resultHeadersSchema, deadLetterHeadersSchema];
    const documented = new Set(schemas.flatMap(schema => Object.keys(schema.shape)));
    const internal = [...intakeHeaders.filter(name => name !== headerNames.original), headerNames.unreadable];
    for (const name of internal) assert.ok(!documented.has(name), name);
    const known = [...Object.values(headerNames), ...Object.keys(deadLetterAliases)];
    assert.deepEqual([...documented, ...internal].sort(), known.sort());
  });
});
