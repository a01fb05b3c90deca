import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { contextTokensMax, inputTokensMax, inputTokensMin } from './token-bounds.ts';

const bodyOf = (content: unknown, more: object = {}): string =>
  JSON.stringify({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content }], ...more });

describe('inputTokensMax', () => {
  it('S5: is at least a token for each byte of text, in every script, normalised or not', () => {
    const scripts = ['ascii', '日本語', 'Привет', '👩‍👩‍👧', 'é', 'ﷺ', '㍿', 'ＡＢＣ', '\u0000', '\ud800', 'aGVsbG8='];
    const text = fc
      .array(fc.oneof(fc.constantFrom(...scripts), fc.string({ unit: 'binary' })))
      .map(parts => parts.join(''));
    checkProperty(
      fc.property(text, content => {
        const most = inputTokensMax(bodyOf(content));
        assert.ok(most >= Buffer.byteLength(content) && most >= Buffer.byteLength(content.normalize('NFKC')));
      }),
    );
  });

  it('makes room for what is not written in the request', () => {
    const plain = inputTokensMax(bodyOf('x'));
    const image = inputTokensMax(bodyOf([{ type: 'image', source: { type: 'url', url: 'https://a.example' } }]));
    assert.ok(image > plain + 4_800);
    const inResult = [{ type: 'tool_result', content: [{ type: 'image', source: { type: 'url', url: 'u' } }] }];
    assert.ok(inputTokensMax(bodyOf(inResult)) > plain + 4_800);
    for (const request of [
      bodyOf([{ type: 'document', source: { type: 'url', url: 'https://a.example' } }]),
      bodyOf([{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0' } }]),
      bodyOf('x', { tools: [{ type: 'web_search_20260209', name: 'web_search' }] }),
      bodyOf('x', { mcp_servers: [{ url: 'https://a.example' }] }),
    ]) {
      assert.ok(inputTokensMax(request) >= contextTokensMax, request);
    }
    assert.ok(inputTokensMax(bodyOf('x', { tools: [{ name: 'mine', input_schema: {} }] })) < plain + 2_000);
    const written = bodyOf([{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'abc' } }]);
    assert.equal(inputTokensMax(written), Buffer.byteLength(written));
  });

  it('is not taken in by text that only names such things', () => {
    for (const text of ['the "document" and the "image"', 'image', 'document']) {
      assert.equal(inputTokensMax(bodyOf(text)), Buffer.byteLength(bodyOf(text)));
    }
  });
});

describe('inputTokensMin', () => {
  it('is a token, and one for each run of letters that is longer than any in a vocabulary', () => {
    assert.deepEqual([0, 15, 16, 1_600].map(inputTokensMin), [1, 1, 2, 101]);
  });
});
