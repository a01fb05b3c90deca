import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { format, inspect } from 'node:util';
import { Secret } from './secret.ts';

describe('Secret', () => {
  it('gives its text to whoever asks for it, and to nothing else', () => {
    const secret = new Secret('sk-ant-sentinel');
    assert.equal(secret.reveal(), 'sk-ant-sentinel');
    const error = new Error('x', { cause: { secret } });
    const printed = [
      JSON.stringify({ secret, list: [secret] }),
      `${secret}`,
      String(secret),
      inspect({ deep: { secret } }, { showHidden: true, depth: null }),
      format('%s %o %O %j', secret, secret, secret, secret),
      inspect(error, { depth: null }),
      JSON.stringify(Object.assign({}, secret)),
      JSON.stringify(Object.entries(secret)),
    ];
    for (const text of printed) assert.doesNotMatch(text, /sentinel/);
    assert.equal(JSON.stringify(secret), '"[redacted]"');
  });
});
