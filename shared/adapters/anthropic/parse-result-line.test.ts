import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { erroredLine, succeededLine } from '#test/conformance/batch-provider-local-anthropic.ts';
import { parseResultLine } from './parse-result-line.ts';

const parse = (text: string) => parseResultLine(Buffer.from(text));
const parseHead = (text: string) => parseResultLine({ head: Buffer.from(text) });

describe('parseResultLine', () => {
  it('reads each of the four recorded endings', () => {
    const succeeded = parse(succeededLine('a'));
    assert.ok(succeeded.type === 'succeeded');
    assert.equal(succeeded.customId, 'a');
    assert.equal(succeeded.answer.text, '{"topic":"x"}');
    assert.deepEqual(succeeded.answer.usage, {
      input: 220,
      output: 34,
      cacheRead: 1840,
      cacheWrite5m: 0,
      cacheWrite1h: 0,
    });
    assert.deepEqual(parse('{"custom_id":"c","result":{"type":"canceled"}}'), { type: 'canceled', customId: 'c' });
    assert.deepEqual(parse('{"custom_id":"d","result":{"type":"expired"}}'), { type: 'expired', customId: 'd' });
    const error = { type: 'invalid_request_error', message: 'temperature: Extra inputs are not permitted' };
    assert.deepEqual(parse(erroredLine('b', error)), {
      type: 'errored',
      customId: 'b',
      errorClass: 'document',
      code: 'invalid_request_error',
      message: 'temperature: Extra inputs are not permitted',
      body: { type: 'error', error, request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy' },
    });
  });

  it('reads an error without its envelope, and one that says nothing', () => {
    const bare = parse('{"custom_id":"a","result":{"type":"errored","error":{"type":"billing_error","message":"x"}}}');
    assert.ok(bare.type === 'errored' && bare.errorClass === 'account' && bare.code === 'billing_error');
    const silent = parse('{"custom_id":"a","result":{"type":"errored"}}');
    assert.ok(silent.type === 'errored' && silent.errorClass === 'transient' && silent.code === 'unknown_error');
  });

  const unreadable = [
    'x',
    '{"custom_id":"a","result":{"type":"succ',
    'null',
    '[]',
    '"text"',
    '{}',
    '{"custom_id":"a"}',
    '{"custom_id":"a","result":null}',
    '{"custom_id":"a","result":{}}',
    '{"custom_id":"a","result":{"type":"invented"}}',
    '{"custom_id":"a","result":{"type":"succeeded"}}',
    '{"custom_id":"","result":{"type":"expired"}}',
    '{"custom_id":7,"result":{"type":"expired"}}',
    '{"result":{"type":"expired"}}',
    '<html>502 Bad Gateway</html>',
  ];
  for (const text of unreadable) {
    it(`E3: ${text} is unreadable`, () => assert.deepEqual(parse(text), { type: 'unreadable' }));
  }

  it('never passes damaged bytes for text', () => {
    const bytes = Buffer.from(succeededLine('a', { content: [{ type: 'text', text: 'é' }] }));
    bytes[bytes.indexOf(0xc3)] = 0xff;
    assert.deepEqual(parseResultLine(bytes), { type: 'unreadable' });
  });

  it('drops keys that poison objects, and keeps the line', () => {
    const text = succeededLine('a').replace(
      '"role"',
      '"__proto__":{"isAdmin":true},"constructor":{"prototype":{}},"role"',
    );
    const line = parse(text);
    assert.ok(line.type === 'succeeded');
    assert.ok(!Object.hasOwn(line.answer.body as object, '__proto__'));
    assert.ok(!Object.hasOwn(line.answer.body as object, 'constructor'));
  });

  it('survives a line that nests a hundred thousand levels', () => {
    const line = parse(`{"custom_id":"a","result":{"type":"errored","error":${'['.repeat(1e5)}${']'.repeat(1e5)}}}`);
    assert.ok(line.type === 'errored' || line.type === 'unreadable');
  });

  it('N8: reads whose line was too long from its head, and only from its head', () => {
    assert.deepEqual(parseHead('{"custom_id":"a-b_1","result":{"type":"succ'), {
      type: 'too-large',
      customId: 'a-b_1',
    });
    assert.deepEqual(parseHead(' { "custom_id" : "a" , "re'), { type: 'too-large', customId: 'a' });
    assert.deepEqual(parseHead('{"custom_id":"a\\u0062","re'), { type: 'too-large', customId: 'ab' });
    assert.deepEqual(parseHead('{"result":{"custom_id":"a"'), { type: 'unreadable' });
    assert.deepEqual(parseHead('{"custom_id":"never ends'), { type: 'unreadable' });
    assert.deepEqual(parseHead('{"custom_id":"","re'), { type: 'unreadable' });
  });
});
