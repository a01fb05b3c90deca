import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromNanodollars } from './money.ts';
import { deadLetterJson, resultJson, type Terminal } from './terminal.ts';

const terminal: Terminal = {
  rid: { partition: 2, offset: 17 },
  att: 1,
  bk: 'abcdefghijkl',
  run: 'r_1',
  customId: 'doc',
  outcome: 'succeeded',
  attempts: 2,
  output: null,
  body: { id: 'msg' },
  usage: { input: 1, output: 2, cacheRead: 3, cacheWrite5m: 4, cacheWrite1h: 5 },
  cost: { billed: fromNanodollars(1_500_000), individual: fromNanodollars(3_000_000) },
  raisedMaxTokens: null,
  metadata: { any: ['thing'] },
  line: 4,
  tenant: null,
  replayOf: null,
  failure: null,
};
const failure = { cause: 'refused', class: 'document', where: 'messages', why: 'no', replayCount: 1 } as const;

describe('resultJson', () => {
  it('says everything about an answer; an output of null is an output', () => {
    assert.deepEqual(JSON.parse(resultJson(terminal)), {
      custom_id: 'doc',
      rid: '2/17',
      outcome: 'succeeded',
      output: null,
      body: { id: 'msg' },
      usage: {
        input_tokens: 1,
        output_tokens: 2,
        cache_read_input_tokens: 3,
        cache_creation_5m_input_tokens: 4,
        cache_creation_1h_input_tokens: 5,
      },
      cost: { billed_usd: '0.0015', individual_usd: '0.003' },
      attempts: 2,
      metadata: { any: ['thing'] },
    });
  });

  it('says that its cap was raised', () => {
    assert.equal(JSON.parse(resultJson({ ...terminal, raisedMaxTokens: 200 })).raised_max_tokens, 200);
  });

  it('says why a document has none, and leaves out what there is not', () => {
    const nothing = { output: undefined, body: null, usage: null, cost: null, metadata: undefined, customId: null };
    assert.deepEqual(JSON.parse(resultJson({ ...terminal, ...nothing, outcome: 'refused', failure })), {
      custom_id: null,
      rid: '2/17',
      outcome: 'refused',
      cause: 'refused',
      class: 'document',
      message: 'messages: no',
      attempts: 2,
    });
  });

  it('is one line, whatever stands in it, and does not name the worker’s clock or batch (S1)', () => {
    const text = resultJson({ ...terminal, output: 'a\nb\u2028\ud800' });
    assert.equal(text.includes('\n'), false);
    assert.equal(text.includes(terminal.bk), false);
    assert.equal(JSON.parse(text).output, 'a\nb\u2028\ud800');
  });
});

describe('deadLetterJson', () => {
  it('repeats the original, as text or as base64, or says where it is', () => {
    const letter = (original: Parameters<typeof deadLetterJson>[1]) =>
      JSON.parse(deadLetterJson({ ...terminal, failure }, original));
    const plain = letter({ text: '{}', encoding: 'utf8', where: null });
    assert.deepEqual(plain, {
      custom_id: 'doc',
      rid: '2/17',
      cause: 'refused',
      class: 'document',
      what: 'refused by the model',
      where: 'messages',
      why: 'no',
      fix: 'change the document or the instructions',
      attempts: 2,
      line: 4,
      replay_count: 1,
      original: '{}',
    });
    assert.equal(letter({ text: '/w==', encoding: 'base64', where: null }).original_encoding, 'base64');
    assert.equal(letter({ text: null, encoding: 'utf8', where: '0/3' }).original_at, '0/3');
  });
});
