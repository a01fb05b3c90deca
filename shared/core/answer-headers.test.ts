import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerHeaders, answerKey, deadLetterHeaders, type OriginRecord } from './answer-headers.ts';
import { valueOfDeadLetter } from './dead-letter-place.ts';
import { echoedHeaders } from './echoed-headers.ts';
import { deadLetterAliases, headerNames } from './headers.ts';
import { echoedCharactersMax, echoedHeadersMax, echoedKeyBytesMax } from './limits.ts';
import type { Terminal } from './terminal.ts';

const terminal: Terminal = {
  rid: { partition: 2, offset: 17 },
  att: 1,
  bk: 'abcdefghijkl',
  run: null,
  customId: 'doc',
  outcome: 'succeeded',
  attempts: 2,
  output: 'x',
  body: null,
  usage: null,
  cost: null,
  raisedMaxTokens: null,
  metadata: undefined,
  line: null,
  tenant: null,
  replayOf: null,
  failure: null,
};
const failure = { cause: 'refused', class: 'document', where: null, why: 'no', replayCount: 1 } as const;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const origin: OriginRecord = { key: 'own-key', value: Buffer.from('{'), headers: {}, at: 5 };
const names = { topic: 'acme.documents.v1', group: 'acme.accumulator' };

describe('answerHeaders', () => {
  it('name rid, att, bk and outcome, and what the document brought along', () => {
    const headers = { traceparent, ce_id: '1', ce_type: 't', ce_source: 's', 'idempotency-key': 'k', 'x-reply': 'y' };
    assert.deepEqual(answerHeaders({ ...terminal, run: 'r_1', tenant: 'acme' }, { ...origin, headers }), {
      ...headers,
      'flotilla-rid': '2/17',
      'flotilla-att': '1',
      'flotilla-bk': 'abcdefghijkl',
      'flotilla-outcome': 'succeeded',
      'flotilla-run': 'r_1',
      'flotilla-tenant': 'acme',
    });
  });

  it('let nobody speak for us', () => {
    const forged = { 'flotilla-rid': '9/9', 'flotilla-anything': 'x', 'flotilla-dlq-reason': 'refused' };
    const { 'flotilla-rid': rid, ...rest } = answerHeaders(terminal, { ...origin, headers: forged });
    assert.equal(rid, '2/17');
    assert.deepEqual(Object.keys(rest), ['flotilla-att', 'flotilla-bk', 'flotilla-outcome']);
  });
});

describe('echoedHeaders', () => {
  it('repeat nothing that would be a lie beside the answer', () => {
    const lies = {
      'content-type': 'text/csv',
      'content-encoding': 'gzip',
      ce_specversion: '1.0',
      ce_datacontenttype: 'text/csv',
      ce_dataschema: 's',
      ce_time: 't',
      __TypeId__: 'com.acme.Order',
      spring_json_header_types: '{}',
      'kafka_dlt-original-topic': 't',
      'x-original-topic': 't',
      tracestate: 'without=parent',
    };
    assert.deepEqual(echoedHeaders({ ...lies, 'x-correlation': '7' }), { 'x-correlation': '7' });
  });

  it('hand on no name that is too long to be read', () => {
    const long = { 'idempotency-key': 'k'.repeat(513), ce_id: 'i'.repeat(1_025) };
    assert.deepEqual(echoedHeaders({ ...long, ce_type: 't' }), { ce_type: 't' });
  });

  it('are bounded by count and size, and trace context comes first', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, 'v']));
    const echoed = echoedHeaders({ ...many, traceparent });
    assert.equal(Object.keys(echoed).length, echoedHeadersMax);
    assert.equal(echoed.traceparent, traceparent);
    assert.deepEqual(echoedHeaders({ 'x-large': 'v'.repeat(echoedCharactersMax), 'x-small': 'v' }), { 'x-small': 'v' });
  });
});

describe('deadLetterHeaders', () => {
  it('say where it came from and why it is here, also under the names other tools look for', () => {
    const letter = { ...terminal, outcome: 'refused', failure, line: 3 } as const;
    const headers = deadLetterHeaders(letter, { origin, names });
    const written = new Map(Object.entries(headers));
    for (const [alias, name] of Object.entries(deadLetterAliases)) assert.equal(written.get(alias), written.get(name));
    assert.deepEqual(headers, {
      'flotilla-rid': '2/17',
      'flotilla-att': '1',
      'flotilla-bk': 'abcdefghijkl',
      'flotilla-outcome': 'refused',
      'flotilla-dlq-reason': 'refused',
      'flotilla-dlq-class': 'document',
      'flotilla-dlq-message': 'no',
      'flotilla-dlq-attempts': '2',
      'flotilla-dlq-group': 'acme.accumulator',
      'flotilla-dlq-origin-topic': 'acme.documents.v1',
      'flotilla-dlq-origin-partition': '2',
      'flotilla-dlq-origin-offset': '17',
      'flotilla-dlq-origin-timestamp': '5',
      'flotilla-replay-count': '1',
      'flotilla-document-id': 'doc',
      'flotilla-line': '3',
      '__dlq.errors.message': 'no',
      '__dlq.errors.topic': 'acme.documents.v1',
      '__dlq.errors.partition': '2',
      '__dlq.errors.offset': '17',
      '__dlq.errors.delivery.count': '2',
      '__dlq.errors.group': 'acme.accumulator',
      'x-original-topic': 'acme.documents.v1',
      'kafka_dlt-original-topic': 'acme.documents.v1',
    });
  });

  it('cut a reason at a kilobyte, never inside a character', () => {
    const why = 'ü€😀'.repeat(500);
    const letter = { ...terminal, failure: { ...failure, why, where: why } };
    const headers = deadLetterHeaders(letter, { origin, names });
    for (const name of [headerNames.message, headerNames.where]) {
      const text = headers[name] ?? '';
      assert.ok(Buffer.byteLength(text) <= 1_024 && Buffer.byteLength(text) > 1_000);
      assert.ok(why.startsWith(text.slice(0, -1)) && text.endsWith('…'));
    }
  });
});

describe('the key of an answer', () => {
  it('is the producer’s name of the document; what is rejected keeps the key it came with', () => {
    assert.equal(answerKey(terminal, origin), 'doc');
    assert.equal(answerKey({ ...terminal, customId: null }, origin), 'own-key');
    assert.equal(answerKey({ ...terminal, outcome: 'rejected' }, origin), 'own-key');
    assert.equal(answerKey({ ...terminal, outcome: 'rejected' }, { ...origin, key: null }), 'doc');
  });

  it('is no key of megabytes, which no topic of answers would take: its whole batch would never be settled', () => {
    const large = { ...origin, key: 'ü'.repeat(echoedKeyBytesMax / 2 + 1) };
    assert.equal(answerKey({ ...terminal, outcome: 'rejected' }, large), 'doc');
    assert.equal(answerKey({ ...terminal, outcome: 'rejected', customId: null }, large), null);
    const longest = 'ü'.repeat(echoedKeyBytesMax / 2);
    assert.equal(answerKey({ ...terminal, outcome: 'rejected' }, { ...origin, key: longest }), longest);
  });
});

describe('the value of a dead letter', () => {
  const rid = { partition: 2, offset: 17 };
  const place = { ...names, originalBytesMax: 10 };

  it('is the original, byte for byte', () => {
    const value = Buffer.from([0xff, 0x00, 0x7b]);
    assert.deepEqual(valueOfDeadLetter(rid, { origin: { ...origin, value }, place }), { value, headers: {} });
  });

  it('is empty when the topic cannot take it, and a header says where the bytes are', () => {
    const large = { ...origin, value: Buffer.alloc(11) };
    const { value, headers } = valueOfDeadLetter(rid, { origin: large, place });
    assert.deepEqual([value.length, headers], [0, { 'flotilla-original': 'acme.documents.v1/2/17' }]);
  });

  it('is the head that intake has kept of a line that was too long', () => {
    const head = { ...origin, headers: { [headerNames.original]: 'file#bytes=0-9' } };
    const { value, headers } = valueOfDeadLetter(rid, { origin: head, place });
    assert.deepEqual([value, headers], [origin.value, { 'flotilla-original': 'file#bytes=0-9' }]);
  });
});
