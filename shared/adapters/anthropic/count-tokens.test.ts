import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { createAnthropicTokenCounter } from './create-anthropic-token-counter.ts';

interface Sent {
  url: string;
  body: unknown;
}

function counterOf(reply: () => Response) {
  const sent: Sent[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    sent.push({ url: String(input instanceof Request ? input.url : input), body: JSON.parse(String(init?.body)) });
    return reply();
  };
  return { sent, counter: createAnthropicTokenCounter({ apiKey: 'sk-ant-test', baseUrl: 'https://a.example', fetch }) };
}

const body = JSON.stringify({ model: 'm', max_tokens: 9, temperature: 1, messages: [{ role: 'user', content: 'x' }] });
const refusal = (status: number, type: string) =>
  new Response(JSON.stringify({ type: 'error', error: { type, message: 'no' } }), { status });

describe('countTokens', () => {
  it('asks for what makes tokens, and for nothing else of the request', async () => {
    const { sent, counter } = counterOf(() => Response.json({ input_tokens: 12 }));
    assert.equal(await counter.countTokens(body), 12);
    const messages = [{ role: 'user', content: 'x' }];
    assert.deepEqual(sent, [{ url: 'https://a.example/v1/messages/count_tokens', body: { model: 'm', messages } }]);
  });

  it('is null for a request that the provider refuses', async () => {
    const { counter } = counterOf(() => refusal(400, 'invalid_request_error'));
    assert.equal(await counter.countTokens(body), null);
  });

  it('tells an account that is refused, and a provider that cannot say, as reads do', async () => {
    const codeOf = async (reply: () => Response): Promise<string> => {
      const error = await counterOf(reply)
        .counter.countTokens(body)
        .catch((thrown: unknown) => thrown);
      assert.ok(error instanceof FlotillaError);
      return error.code;
    };
    assert.equal(await codeOf(() => refusal(401, 'authentication_error')), 'provider-auth');
    assert.equal(await codeOf(() => Response.json({ input_tokens: 'many' })), 'provider-unavailable');
    assert.equal(await codeOf(() => new Response('<html>')), 'provider-unavailable');
  });
});
