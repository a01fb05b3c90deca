import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CacheControl, ContentBlock, MessageParams } from './message-params.ts';
import { planPrompt } from './plan-prompt.ts';
import { PromptCache } from './prompt-cache.ts';

const minuteMs = 60_000;
const tokensMin = 512;

function setup() {
  const cache = new PromptCache({ ttl5mMs: 5 * minuteMs, ttl1hMs: 60 * minuteMs, firstResponseMs: 1_000 });
  const use = (params: Partial<MessageParams>, startedAt: number, isMissed = false) =>
    cache.use(planPrompt(request(params)), { startedAt, tokensMin, isMissed });
  const answerAtOnce = (params: Partial<MessageParams>, startedAt: number) =>
    cache.use(planPrompt(request(params)), { startedAt, answeredAt: startedAt, tokensMin });
  return { use, answerAtOnce };
}

function request(params: Partial<MessageParams>): MessageParams {
  return { model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'tail' }], ...params };
}

function block(tokens: number, ttl?: '5m' | '1h', letter = 'x'): ContentBlock {
  const marker: { cache_control?: CacheControl } = ttl ? { cache_control: { type: 'ephemeral', ttl } } : {};
  return { type: 'text', text: letter.repeat(tokens * 4), ...marker };
}

describe('PromptCache', () => {
  it('writes first and reads what began to be answered', () => {
    const { use } = setup();
    const system = [block(600, '5m')];
    assert.deepEqual(use({ system }, 0), { input: 1, cacheRead: 0, cacheWrite5m: 600, cacheWrite1h: 0 });
    assert.equal(use({ system }, 999).cacheRead, 0);
    assert.deepEqual(use({ system }, 1_000), { input: 1, cacheRead: 600, cacheWrite5m: 0, cacheWrite1h: 0 });
  });

  it('holds what a call wrote from its reply on', () => {
    const { use, answerAtOnce } = setup();
    const system = [block(600, '5m')];
    answerAtOnce({ system }, 0);
    assert.equal(use({ system }, 0).cacheRead, 600);
  });

  it('does nothing, silently, below the minimum', () => {
    const { use } = setup();
    const system = [block(511, '1h')];
    use({ system }, 0);
    assert.deepEqual(use({ system }, 2_000), { input: 512, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 });
  });

  it('counts the time to live from the start, renewed by each read', () => {
    const { use } = setup();
    const system = [block(600, '5m')];
    use({ system }, 0);
    assert.equal(use({ system }, 4 * minuteMs).cacheRead, 600);
    assert.equal(use({ system }, 9 * minuteMs - 1).cacheRead, 600);
    assert.equal(use({ system }, 14 * minuteMs).cacheRead, 0);
  });

  it('writes anew where it misses, and what it wrote lives on', () => {
    const { use } = setup();
    const system = [block(600, '5m')];
    use({ system }, 0);
    assert.deepEqual(use({ system }, 4 * minuteMs, true), {
      input: 1,
      cacheRead: 0,
      cacheWrite5m: 600,
      cacheWrite1h: 0,
    });
    assert.equal(use({ system }, 9 * minuteMs - 1).cacheRead, 600);
  });

  it('looks back 20 positions, its own included', () => {
    const { use } = setup();
    const tail = (count: number) =>
      Array.from({ length: count }, (_, index) => block(1, undefined, String(index % 10)));
    use({ system: [block(600, '1h')] }, 0);
    const within = { system: [block(600), ...tail(18), block(1, '1h')] };
    assert.equal(use(within, 2_000).cacheRead, 600);
    const beyond = { system: [block(600), ...tail(19), block(1, '1h')] };
    const { use: useAnew } = setup();
    useAnew({ system: [block(600, '1h')] }, 0);
    assert.equal(useAnew(beyond, 2_000).cacheRead, 0);
  });

  it('bills the part up to the long marker at 1h and the rest at 5m', () => {
    const { use } = setup();
    const usage = use({ system: [block(600, '1h'), block(100, '5m', 'y')] }, 0);
    assert.deepEqual(usage, { input: 1, cacheRead: 0, cacheWrite5m: 100, cacheWrite1h: 600 });
  });

  it('orders the prefix tools, system, messages: another tool invalidates everything', () => {
    const { use } = setup();
    const system = [block(600, '1h')];
    use({ tools: [{ name: 'a' }], system }, 0);
    assert.equal(use({ tools: [{ name: 'b' }], system }, 2_000).cacheRead, 0);
    assert.ok(use({ tools: [{ name: 'a' }], system }, 4_000).cacheRead > 600);
  });

  it('never hits with an automatic marker on a varying tail', () => {
    const { use } = setup();
    const call = (tail: string) => ({
      system: [block(600)],
      cache_control: { type: 'ephemeral' },
      messages: [{ role: 'user', content: tail }],
    });
    use(call('one'), 0);
    const second = use(call('two'), 2_000);
    assert.deepEqual([second.cacheRead, second.cacheWrite5m], [0, 601]);
  });
});
