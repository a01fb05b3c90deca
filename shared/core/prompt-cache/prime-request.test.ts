import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planPrompt } from '#services/simulator/machine/plan-prompt.ts';
import { validateParams } from '#services/simulator/machine/validate-params.ts';
import { checkProperty } from '#test/support/check-property.ts';
import { requests } from '#test/support/request-arbitrary.ts';
import type { CacheMark } from './cache-plan.ts';
import { markRequest } from './mark-request.ts';
import { primeRequest } from './prime-request.ts';
import { promptBlocks } from './prompt-blocks.ts';

const markAt = (body: string, depth: number): CacheMark => ({
  depth,
  hash: promptBlocks(body).positions[depth - 1]?.hash ?? '',
  ttl: '1h',
  prime: true,
});

const request = (over: Record<string, unknown>) =>
  JSON.stringify({
    model: 'claude-haiku-4-5',
    max_tokens: 500,
    tools: [{ name: 'look' }],
    system: 'instructions',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'shared' },
          { type: 'text', text: 'document' },
        ],
      },
    ],
    ...over,
  });

const format = { type: 'json_schema', schema: { type: 'object', additionalProperties: false } };

const primed = (over: Record<string, unknown>, depth: number): Record<string, unknown> | null => {
  const prime = primeRequest(request(over), markAt(request(over), depth));
  return prime === null ? null : JSON.parse(prime);
};

describe('primeRequest', () => {
  it('writes the entry that the items read', () => {
    let primes = 0;
    checkProperty(
      fc.property(requests, fc.nat(12), (parameters, at) => {
        const body = JSON.stringify(parameters);
        const { positions } = promptBlocks(body);
        const mark = markAt(body, (at % Math.max(1, positions.length)) + 1);
        const prime = primeRequest(body, mark);
        if (prime === null) return;
        primes += 1;
        const params = JSON.parse(prime);
        const valid = validateParams({ params, version: '2026-10-21', isBatch: false });
        assert.equal(valid.status, 'valid', `${prime} ${JSON.stringify(valid)}`);
        const item = planPrompt(JSON.parse(markRequest(body, { use: 'marked', marks: [mark] })));
        assert.deepEqual(planPrompt(params).breakpoints[0]?.positions[0], item.breakpoints[0]?.positions[0]);
      }),
      { runs: 5_000 },
    );
    assert.ok(primes > 1_000, `${primes} primes`);
  });

  it('asks for no answer, and carries the prefix only', () => {
    assert.deepEqual(primed({}, 2), {
      model: 'claude-haiku-4-5',
      max_tokens: 0,
      tools: [{ name: 'look' }],
      system: [{ type: 'text', text: 'instructions', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [{ role: 'user', content: '.' }],
    });
  });

  it('keeps the output format where the entry depends on it, and then buys one token', () => {
    const bodies = [primed({ output_config: { format } }, 2), primed({ output_config: { format } }, 1)];
    assert.deepEqual(
      bodies.map(body => [body?.max_tokens, body?.output_config]),
      [
        [1, { format }],
        [0, undefined],
      ],
    );
  });

  it('keeps a forced tool choice where the entry depends on it', () => {
    const choice = { type: 'tool', name: 'look' };
    const bodies = [primed({ tool_choice: choice }, 3), primed({ tool_choice: choice }, 2)];
    assert.deepEqual(
      bodies.map(body => [body?.max_tokens, body?.tool_choice]),
      [
        [1, choice],
        [0, undefined],
      ],
    );
  });

  it('does not prime what it could not write with a small call', () => {
    assert.equal(primed({ thinking: { type: 'enabled', budget_tokens: 2_000 } }, 3), null);
    assert.equal(primed({ thinking: { type: 'enabled', budget_tokens: 2_000 } }, 2)?.thinking, undefined);
    const image = { type: 'image', source: {} };
    const content = [{ type: 'text', text: 'shared' }, image];
    assert.equal(primed({ messages: [{ role: 'user', content }] }, 3), null);
    assert.notEqual(primed({ messages: [{ role: 'user', content: content.toReversed() }] }, 3), null);
    assert.equal(primed({ cache_control: { type: 'ephemeral' } }, 2), null);
    assert.equal(primeRequest(request({}), { ...markAt(request({}), 2), hash: 'another' }), null);
  });
});
