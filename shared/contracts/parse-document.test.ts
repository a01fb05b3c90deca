import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Document, Reject } from '#core/document.ts';
import { documentBytesMax, documentDepthMax, referencedBytesMax } from '#core/limits.ts';
import type { ErrorCode } from '#errors/catalogue.ts';
import { type DocumentContext, parseDocument } from './parse-document.ts';

const context: DocumentContext = { tasks: new Set(['classify', 'summarise']), hasAnthropic: true };
const params = { model: 'claude-haiku-5-5', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] };
const uri = 'file:a.txt';

const bytes = (value: unknown): Uint8Array =>
  value instanceof Uint8Array
    ? value
    : new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

const parse = (value: unknown, headers: Record<string, string> = {}, as = context) =>
  parseDocument({ value: bytes(value), headers }, as);

function accepted(value: unknown, headers?: Record<string, string>): Document {
  const parsed = parse(value, headers);
  assert.equal(parsed.is, 'document', JSON.stringify(parsed));
  return (parsed as { document: Document }).document;
}

function rejected(value: unknown, headers?: Record<string, string>, as?: DocumentContext): Reject {
  const parsed = parse(value, headers, as);
  assert.equal(parsed.is, 'reject', JSON.stringify(parsed));
  return (parsed as { reject: Reject }).reject;
}

const nested = (levels: number): unknown => (levels === 0 ? 'deep' : [nested(levels - 1)]);

describe('parseDocument, what it accepts', () => {
  it('passes the parameters of an Anthropic line on untouched', () => {
    const odd = { ...params, temperature: 0, unheard_of: { of: [1, null] }, stream: 'x' };
    assert.deepEqual(accepted({ custom_id: 'a', params: odd, metadata: [1] }), {
      customId: 'a',
      ask: { shape: 'as-is', provider: 'anthropic', params: odd },
      metadata: [1],
      task: null,
    });
  });

  it('takes an Anthropic line as it is even where a task is named for others', () => {
    assert.equal(accepted({ custom_id: 'a', params }, { 'flotilla-task': 'classify' }).task, null);
  });

  it('takes content blocks of any kind', () => {
    const messages = [{ role: 'user', content: [{ type: 'image', source: {} }, {}] }];
    assert.equal(accepted({ custom_id: 'a', params: { ...params, messages } }).ask.shape, 'as-is');
  });

  it('reads the three bodies of a native document', () => {
    const messages = [{ role: 'user', content: 'Hello' }];
    const ask = (body: object) => accepted({ custom_id: 'a', task: 'classify', ...body }).ask;
    assert.deepEqual(ask({ content: 'Hello' }), { shape: 'content', content: 'Hello' });
    assert.deepEqual(ask({ data: { b: 1, a: ['ü'] } }), { shape: 'content', content: '{"b":1,"a":["ü"]}' });
    assert.deepEqual(ask({ data: null }), { shape: 'content', content: 'null' });
    assert.deepEqual(ask({ messages }), { shape: 'messages', messages });
  });

  it("prefers the document's own task to the header's", () => {
    const document = { custom_id: 'a', content: 'x' };
    assert.equal(accepted({ ...document, task: 'summarise' }, { 'flotilla-task': 'classify' }).task, 'summarise');
    assert.equal(accepted(document, { 'flotilla-task': 'classify' }).task, 'classify');
  });

  it('has undefined metadata when there is none, so that none is echoed', () => {
    assert.equal(accepted({ custom_id: 'a', params }).metadata, undefined);
    assert.equal(accepted({ custom_id: 'a', params, metadata: null }).metadata, null);
  });

  it('tolerates a byte order mark and blanks around the line', () => {
    assert.equal(accepted(`\ufeff ${JSON.stringify({ custom_id: 'a', params })}\r\n`).customId, 'a');
  });

  it('counts the characters of an id as people do', () => {
    assert.equal(accepted({ custom_id: '🚢'.repeat(256), params }).customId, '🚢'.repeat(256));
    assert.equal(rejected({ custom_id: '🚢'.repeat(257), params }).code, 'invalid-field');
    assert.equal(rejected({ custom_id: 'x'.repeat(257), params }).code, 'invalid-field');
  });

  it('accepts exactly the deepest and the largest that are allowed', () => {
    const at = (levels: number) => ({ custom_id: 'a', task: 'classify', data: nested(levels) });
    accepted(at(documentDepthMax - 1));
    assert.equal(rejected(at(documentDepthMax)).code, 'too-deep');
    const sized = (length: number): string => {
      const empty = JSON.stringify({ custom_id: 'a', task: 'classify', content: '' }).length;
      return JSON.stringify({ custom_id: 'a', task: 'classify', content: 'x'.repeat(length - empty) });
    };
    accepted(sized(documentBytesMax));
    assert.equal(rejected(sized(documentBytesMax + 1)).code, 'document-too-large');
    accepted(sized(documentBytesMax + 1), { 'flotilla-resolved': '1' });
    assert.equal(rejected(sized(referencedBytesMax + 1), { 'flotilla-resolved': '1' }).code, 'document-too-large');
  });

  it('lets a document speak of prototypes: only keys poison', () => {
    const data = {
      constructor: 'a __proto__ in text',
      prototype: 1,
      list: ['constructor', { constructor: { name: 'x' } }],
    };
    accepted({ custom_id: 'a', task: 'classify', data, metadata: 'constructor.prototype' });
  });

  it('is not fooled by brackets and quotes inside strings', () => {
    accepted({ custom_id: 'a', task: 'classify', content: `\\"${'[{"'.repeat(200)}\\` });
  });
});

describe('parseDocument, what it rejects', () => {
  const native = { custom_id: 'a', task: 'classify', content: 'x' };
  const line = (changes: object) => ({ custom_id: 'a', params: { ...params, ...changes } });
  const rows: [name: string, value: unknown, code: ErrorCode, where: string | null, why: RegExp, customId?: null][] = [
    ['no bytes', '', 'empty-record', null, /no bytes/, null],
    ['blanks', ' \t\r\n', 'empty-record', null, /blank/, null],
    ['a cut line', '{"custom_id":"a","params":{"model', 'invalid-json', null, /Unterminated/],
    ['two objects', '{"custom_id":"a"}{}', 'invalid-json', null, /Unexpected/],
    ['a list', '[1]', 'not-an-object', null, /an array/, null],
    ['null', 'null', 'not-an-object', null, /null/, null],
    ['a number', '7', 'not-an-object', null, /a number/, null],
    ['depth', `{"custom_id":"a","data":${'['.repeat(1_000)}`, 'too-deep', null, /64 levels/],
    [
      'many keys',
      { custom_id: 'a', data: Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`k${i}`, 1])) },
      'document-too-large',
      null,
      /10000 keys/,
    ],
    ['size', { ...native, content: 'x'.repeat(documentBytesMax) }, 'document-too-large', null, /1048576 are allowed/],
    [
      '__proto__',
      '{"custom_id":"a","params":{"messages":[{"__proto__":{"polluted":1}}]}}',
      'forbidden-key',
      'params.messages.0.__proto__',
      /poisons/,
    ],
    [
      'an escaped __proto__',
      '{"custom_id":"a","params":{"\\u005f_pr\\u006fto__":1}}',
      'forbidden-key',
      'params.__proto__',
      /poisons/,
    ],
    [
      'constructor.prototype',
      '{"custom_id":"a","data":{"constructor":{"prototype":{}}}}',
      'forbidden-key',
      'data.constructor.prototype',
      /poisons/,
    ],
    ['no known field', { custom_id: 'a', text: 'x' }, 'unknown-shape', null, /none of/],
    ['an empty object', {}, 'unknown-shape', null, /empty/, null],
    ['a misspelt shape', { custom_id: 'a', parms: {} }, 'unknown-shape', 'parms', /did you mean "params"/],
    ['a misspelt field', { ...native, metdata: 1 }, 'unknown-field', 'metdata', /did you mean "metadata"/],
    ['a field beside params', { custom_id: 'a', params, content: 'x' }, 'unknown-field', 'content', /no field/],
    ['no id', { params }, 'missing-field', 'custom_id', /custom_id is missing/, null],
    ['an empty id', { custom_id: '', params }, 'invalid-field', 'custom_id', /1 to 256/, null],
    ['an id of another type', { custom_id: 7, params }, 'invalid-field', 'custom_id', /1 to 256/, null],
    ['params of another type', { custom_id: 'a', params: [] }, 'invalid-field', 'params', /an object/],
    ['no model', line({ model: undefined }), 'missing-field', 'params.model', /missing/],
    ['an empty model', line({ model: '' }), 'invalid-field', 'params.model', /empty string/],
    ['no max_tokens', line({ max_tokens: undefined }), 'missing-field', 'params.max_tokens', /missing/],
    ['max_tokens 0', line({ max_tokens: 0 }), 'invalid-field', 'params.max_tokens', /from 1, and is 0/],
    ['max_tokens 1.5', line({ max_tokens: 1.5 }), 'invalid-field', 'params.max_tokens', /not whole/],
    ['max_tokens as text', line({ max_tokens: '300' }), 'invalid-field', 'params.max_tokens', /a string/],
    ['no messages', line({ messages: undefined }), 'missing-field', 'params.messages', /missing/],
    ['empty messages', line({ messages: [] }), 'invalid-field', 'params.messages', /an empty array/],
    ['a message that is text', line({ messages: ['x'] }), 'invalid-field', 'params.messages[0]', /an object/],
    [
      'content that is a number',
      line({ messages: [{ content: 1 }] }),
      'invalid-field',
      'params.messages[0].content',
      /blocks/,
    ],
    [
      'a block that is text',
      line({ messages: [{ content: [{}, 'x'] }] }),
      'invalid-field',
      'params.messages[0].content[1]',
      /an object/,
    ],
    ['no body', { custom_id: 'a', task: 'classify' }, 'missing-field', 'content', /none of/],
    ['two bodies', { ...native, data: 1 }, 'invalid-field', 'data', /not content and data/],
    ['empty content', { ...native, content: '' }, 'invalid-field', 'content', /not empty/],
    ['content that is JSON', { ...native, content: { a: 1 } }, 'invalid-field', 'content', /goes into "data"/],
    [
      'native messages',
      { custom_id: 'a', task: 'classify', messages: [{}] },
      'missing-field',
      'messages[0].content',
      /missing/,
    ],
    ['a task of another type', { ...native, task: 3 }, 'invalid-field', 'task', /name of a task/],
    ['no task', { custom_id: 'a', content: 'x' }, 'missing-task', 'task', /neither/],
    ['an unknown task', { ...native, task: 'clasify' }, 'unknown-task', 'task', /"clasify"; did you mean "classify"/],
    [
      'an OpenAI line',
      { custom_id: 'a', method: 'POST', url: '/v1/x', body: {} },
      'provider-not-configured',
      'url',
      /OpenAI/,
    ],
    ['a reference', { custom_id: 'a', ref: { uri } }, 'reference-refused', 'ref.uri', /only a file/],
    ['a reference without uri', { custom_id: 'a', ref: {} }, 'missing-field', 'ref.uri', /missing/],
    [
      'a reference with a typo',
      { custom_id: 'a', ref: { uri, sha265: 'x' } },
      'unknown-field',
      'ref.sha265',
      /did you mean "sha256"/,
    ],
    [
      'a hash that is none',
      { custom_id: 'a', ref: { uri, sha256: 'x' } },
      'invalid-field',
      'ref.sha256',
      /hexadecimal/,
    ],
    ['negative bytes', { custom_id: 'a', ref: { uri, bytes: -1 } }, 'invalid-field', 'ref.bytes', /whole number/],
  ];
  for (const [name, value, code, where, why, customId] of rows) {
    it(`${code}: ${name}`, () => {
      const reject = rejected(value);
      assert.equal(reject.code, code);
      assert.equal(reject.where, where);
      assert.match(reject.why, why);
      assert.equal(reject.customId, customId === null ? null : 'a');
    });
  }

  it('invalid-utf8: says at which byte, and keeps the id', () => {
    const reject = rejected(
      Buffer.concat([Buffer.from('{"custom_id":"a","data":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
    );
    assert.deepEqual([reject.code, reject.where, reject.customId], ['invalid-utf8', 'byte 25', 'a']);
  });

  it('provider-not-configured: without an account', () => {
    const none = { ...context, hasAnthropic: false };
    assert.equal(rejected({ custom_id: 'a', params }, {}, none).code, 'provider-not-configured');
    assert.equal(rejected(native, {}, none).code, 'provider-not-configured');
  });

  it('unknown-task: from a header', () => {
    assert.equal(rejected({ custom_id: 'a', content: 'x' }, { 'flotilla-task': 'translate' }).code, 'unknown-task');
  });

  it('takes the word of intake for what was not stored whole, and only known codes', () => {
    const head = '{"custom_id":"a","content":"xxxx';
    assert.deepEqual(rejected(head, { 'flotilla-reject': 'document-too-large' }).code, 'document-too-large');
    assert.equal(rejected(head, { 'flotilla-reject': 'document-too-large' }).customId, 'a');
    assert.equal(rejected(head, { 'flotilla-reject': 'internal' }).code, 'invalid-json');
  });

  it('says why a reference could not be resolved', () => {
    const reference = { custom_id: 'a', ref: { uri } };
    for (const code of ['reference-unreadable', 'reference-mismatch', 'document-too-large']) {
      assert.equal(rejected(reference, { 'flotilla-reference-error': code }).code, code);
    }
    assert.equal(rejected(reference, { 'flotilla-reference-error': 'fenced' }).code, 'reference-refused');
  });

  it('does not repeat the document in what it says about bad JSON', () => {
    assert.doesNotMatch(rejected('{"custom_id":"a","data": confidential}').why, /confid|custom/);
  });
});

describe('parseDocument, of a record that the log could not unpack', () => {
  it('says so, and believes it only of a record without bytes', () => {
    const tooLarge = rejected('', { 'flotilla-unreadable': 'too-large' });
    assert.deepEqual([tooLarge.code, tooLarge.where], ['batch-unpacks-too-large', 'compressed batch']);
    assert.match(tooLarge.why, /64 MiB/);
    assert.equal(rejected('', { 'flotilla-unreadable': 'anything' }).code, 'record-unreadable');
    assert.equal(rejected('', { 'flotilla-unreadable': 'damaged' }).code, 'record-unreadable');
    assert.equal(accepted({ custom_id: 'a', params }, { 'flotilla-unreadable': 'damaged' }).customId, 'a');
  });
});

describe('parseDocument, eight kinds of poison', () => {
  const poison: [string, unknown, ErrorCode][] = [
    ['bad JSON', '{"custom_id":"p","params":{', 'invalid-json'],
    ['deep nesting', `{"custom_id":"p","data":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_001)}`, 'too-deep'],
    ['10 MB line', `{"custom_id":"p","content":"${'x'.repeat(10_000_000)}"}`, 'document-too-large'],
    ['wrong types', { custom_id: 'p', params: { ...params, max_tokens: '10' } }, 'invalid-field'],
    ['unknown task', { custom_id: 'p', task: 'nothing', content: 'x' }, 'unknown-task'],
    ['empty', '', 'empty-record'],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'invalid-utf8'],
    ['prototype keys', '{"custom_id":"p","task":"classify","data":{"__proto__":{"admin":true}}}', 'forbidden-key'],
  ];
  for (const [name, value, code] of poison) {
    it(name, () => {
      const reject = rejected(value);
      assert.equal(reject.code, code);
      assert.notEqual(reject.why, '');
      assert.equal(({} as { admin?: boolean }).admin, undefined);
    });
  }
});

describe('parseDocument, whatever comes', () => {
  const clean = Object.getOwnPropertyNames(Object.prototype).sort();
  const headers = fc.dictionary(fc.constantFrom('flotilla-task', 'flotilla-reject', 'flotilla-resolved'), fc.string());
  const isTotal = (value: Uint8Array, given: Record<string, string>): void => {
    const parsed = parseDocument({ value, headers: given }, context);
    assert.ok(parsed.is === 'document' || parsed.reject.why !== '');
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).sort(), clean);
  };

  it('never throws on bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), headers, isTotal), { numRuns: 2_000 });
  });

  it('never throws on JSON, and changes no prototype', () => {
    const key = fc.oneof(
      fc.constantFrom(
        'custom_id',
        'params',
        'ref',
        'task',
        'data',
        'messages',
        '__proto__',
        'constructor',
        'prototype',
      ),
      fc.string(),
    );
    const { json } = fc.letrec<{ json: unknown }>(tie => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        fc.array(fc.tuple(key, tie('json')), { maxLength: 5 }).map(entries => Object.fromEntries(entries)),
      ),
    }));
    fc.assert(
      fc.property(json, headers, (value, given) => isTotal(bytes(JSON.stringify(value) ?? ''), given)),
      { numRuns: 2_000 },
    );
  });

  it('gives every valid document back as it was written', () => {
    const id = fc.string({ minLength: 1, maxLength: 256, unit: 'grapheme-ascii' });
    fc.assert(
      fc.property(id, fc.jsonValue({ maxDepth: 5 }), fc.string({ minLength: 1 }), (customId, data, model) => {
        fc.pre(!/__proto__|constructor/.test(JSON.stringify(data)));
        const given = JSON.parse(JSON.stringify(data)) as unknown;
        const asIs = accepted({ custom_id: customId, params: { ...params, model, extra: data }, metadata: data });
        assert.deepEqual(asIs.ask, {
          shape: 'as-is',
          provider: 'anthropic',
          params: { ...params, model, extra: given },
        });
        assert.deepEqual([asIs.customId, asIs.metadata], [customId, given]);
        const native = accepted({ custom_id: customId, task: 'classify', data });
        assert.deepEqual(native.ask, { shape: 'content', content: JSON.stringify(data) });
      }),
      { numRuns: 500 },
    );
  });
});
