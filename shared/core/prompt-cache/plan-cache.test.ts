import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { requests } from '#test/support/request-arbitrary.ts';
import { priceOf } from '../cost.ts';
import { priceRows } from '../prices.ts';
import { breakEvenHitRate, tokenPrices } from './cache-cost.ts';
import { CacheLessons } from './cache-lessons.ts';
import { cacheTokensMin, cacheTtlMs, marksMax } from './cache-minimums.ts';
import { isHeldBack, planCache } from './plan-cache.ts';
import { promptBlocks } from './prompt-blocks.ts';
import type { PromptBlocks } from './prompt-positions.ts';

const at = Date.UTC(2026, 10, 29);
const model = 'claude-haiku-4-5';
const minuteMs = 60_000;

const item = (index: number, over: Record<string, unknown> = {}): PromptBlocks =>
  promptBlocks({
    model,
    system: 'abcd'.repeat(5_000),
    messages: [{ role: 'user', content: `document ${index}` }],
    ...over,
  });

const batch = (count: number, over: Record<string, unknown> = {}): PromptBlocks[] =>
  Array.from({ length: count }, (_, index) => item(index, over));

function plan(items: PromptBlocks[], over: Partial<Parameters<typeof planCache>[0]> = {}) {
  const lessons = new CacheLessons();
  return planCache({ bk: 'a batch', model, at, items, lessons, holdoutShare: 0, mode: 'on', ...over });
}

/** The plans of batches one after another, each told what a cache that keeps its word has shown of those before it. */
function marksOfSeries({ batches, apartMinutes }: { batches: number; apartMinutes: number }) {
  const [lessons, items, tokens] = [new CacheLessons(), 20, 5_000];
  let aliveUntil = -Infinity;
  return Array.from({ length: batches }, (_, index) => {
    const [bk, now] = [`bk-${index}`, at + index * apartMinutes * minuteMs];
    const { plan: made, sightings } = plan(batch(items), { bk, at: now, lessons });
    for (const sighting of sightings) lessons.see(sighting);
    const isAlive = now < aliveUntil;
    const [mark] = made?.marks ?? [];
    if (!mark) return { isAlive, prime: false, ttl: null };
    const { hash, ttl, prime } = mark;
    aliveUntil = now + cacheTtlMs[ttl];
    const hits = isAlive || prime ? items : items * 0.3;
    const used = { items, hits, readTokens: hits * tokens, writtenTokens: (items - hits) * tokens };
    const sent = { bk, at: now, hash, model, ttl, use: 'marked', isPrimed: prime } as const;
    lessons.learn({ ...sent, ...used, prefixTokens: tokens, promptTokens: items * (tokens + 5) });
    return { isAlive, prime, ttl };
  });
}

describe('break-even hit rates', () => {
  it('follow from the price rows', () => {
    const rates = (of: string) =>
      (['5m', '1h'] as const).map(ttl => {
        const price = priceOf(of, { promptTokens: 1_000, at });
        return price && breakEvenHitRate(tokenPrices(price, ttl));
      });
    assert.deepEqual(
      rates('claude-haiku-4-5').map(rate => rate?.toFixed(3)),
      ['0.217', '0.526'],
    );
    // A read at a twentieth of the input price pays sooner.
    assert.deepEqual(
      rates('claude-opus-5-5').map(rate => rate?.toFixed(3)),
      ['0.208', '0.513'],
    );
  });

  it('exist for every model that has a price, and so does a minimum', () => {
    for (const { model: name } of priceRows) assert.notEqual(cacheTokensMin(name), null, name);
    assert.equal(cacheTokensMin('claude-haiku-4-5-20251001'), 4_096);
  });
});

describe('planCache', () => {
  it('P1: marks and primes a large first batch', () => {
    const { plan: made, sightings } = plan(batch(100));
    const { hash } = item(0).positions[0] ?? { hash: '' };
    assert.deepEqual(made, { use: 'marked', marks: [{ depth: 1, hash, ttl: '5m', prime: true }] });
    assert.deepEqual(
      sightings.map(({ ttl, isPrimed }) => [ttl, isPrimed]),
      [['5m', true]],
    );
  });

  it('counts the lives of entries in the time of the provider, which a simulator may run faster', () => {
    const markAfter = (ms: number, timeScale: number) => {
      const lessons = new CacheLessons();
      lessons.timeScale = timeScale;
      for (const sighting of plan(batch(100), { lessons }).sightings) lessons.see(sighting);
      return plan(batch(100), { bk: 'next', at: at + ms, lessons }).plan?.marks[0];
    };
    assert.deepEqual(markAfter(6_000, 100), markAfter(10 * minuteMs, 1));
    assert.notEqual(markAfter(6_000, 100)?.prime, markAfter(6_000, 1)?.prime);
  });

  it('does not prime what is still warm, nor where nothing primes', () => {
    const lessons = new CacheLessons();
    for (const sighting of plan(batch(100)).sightings) lessons.see(sighting);
    const next = plan(batch(100), { bk: 'next', lessons, at: at + 2 * minuteMs });
    assert.equal(next.plan?.marks[0]?.prime, false);
    assert.equal(plan(batch(100), { canPrime: false }).plan?.marks.some(({ prime }) => prime) ?? false, false);
  });

  it('is nothing, and learns nothing, when it is off', () => {
    assert.deepEqual(plan(batch(100), { mode: 'off' }), { plan: null, why: [{ is: 'off' }], sightings: [] });
  });

  it('only tells in shadow, and expects no entry from it', () => {
    const { plan: made, sightings } = plan(batch(100), { mode: 'shadow' });
    assert.equal(made?.use, 'shadow');
    assert.deepEqual(
      sightings.map(({ ttl }) => ttl),
      [null],
    );
  });

  it('holds back a share by the batch key alone', () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `bk-${index}`);
    const held = keys.filter(key => isHeldBack(key, 0.02)).length;
    assert.ok(held > 150 && held < 250, `${held}`);
    const key = keys.find(each => isHeldBack(each, 0.02)) ?? '';
    const { plan: made, why } = plan(batch(100), { bk: key, holdoutShare: 0.02 });
    assert.equal(made?.use, 'held-back');
    assert.deepEqual(why.at(-1), { is: 'held-back', share: 0.02 });
  });

  it('P2: says why there is no marker', () => {
    const reasons = (items: PromptBlocks[], over = {}) => plan(items, over).why.map(({ is }) => is);
    assert.deepEqual(reasons(batch(100, { system: 'abcd'.repeat(4_095) })), ['below-minimum']);
    assert.deepEqual(reasons(batch(100, { system: '' })), ['nothing-shared']);
    assert.deepEqual(reasons(batch(2, { cache_control: { type: 'ephemeral' } })), ['own-markers']);
    assert.deepEqual(reasons(batch(2), { model: 'claude-nobody' }), ['model-unknown']);
    assert.deepEqual(reasons(batch(1)), ['does-not-pay']);
  });

  it('marks what some share behind what all share, for the rest of it only', () => {
    const behind = (letter: string, count: number) =>
      batch(count, {
        system: [
          { type: 'text', text: 'abcd'.repeat(5_000) },
          { type: 'text', text: letter.repeat(40_000) },
        ],
      });
    const { plan: made, why } = plan([...behind('x', 60), ...behind('y', 40)]);
    assert.deepEqual(
      made?.marks.map(({ depth }) => depth),
      [1, 2, 2],
    );
    const savings = why.flatMap(reason =>
      reason.is === 'marked' ? [[reason.items, reason.tokens, reason.saving]] : [],
    );
    assert.deepEqual(
      savings.map(([items, tokens]) => [items, tokens]),
      [
        [100, 5_000],
        [60, 15_000],
        [40, 15_000],
      ],
    );
  });

  it('tries what it can afford where what is safe costs more than is left', () => {
    const [lessons, items, tokens] = [new CacheLessons(), 5, 5_000];
    const { hash } = item(0).positions[0] ?? { hash: '' };
    const sent = { hash, model, isPrimed: false } as const;
    // A burst, of which the first batch was marked: in bursts a prime pays in the long run.
    for (let index = 0; index < 18; index += 1) {
      const seen = { bk: `seen-${index}`, at: at + index * 3_000, ttl: index === 0 ? ('5m' as const) : null };
      lessons.see({ ...sent, ...seen, items, tokens });
    }
    const used = { items, hits: 1, readTokens: tokens, writtenTokens: 4 * tokens };
    const prompts = { prefixTokens: tokens, promptTokens: items * (tokens + 5) };
    lessons.learn({ ...sent, bk: 'seen-0', at, ttl: '5m', use: 'marked', ...used, ...prompts });
    const marks = Array.from({ length: 40 }, (_, index) => {
      const made = plan(batch(items), { bk: `bk-${index}`, at: at + 180 * minuteMs, lessons });
      return made.plan?.marks[0];
    });
    assert.ok(
      marks.some(mark => mark && !mark.prime),
      'a prime is more than it may lose, and writing for five minutes is not',
    );
    assert.ok(!marks.some(mark => mark?.prime));
  });

  it('stops marking what costs more than it saves, and tries again when that is long ago', () => {
    const lessons = new CacheLessons();
    const { hash } = item(0).positions[0] ?? { hash: '' };
    for (let index = 0; index < 60; index += 1) {
      const sent = { hash, model, ttl: '5m', use: 'marked', isPrimed: true, at: at - index * minuteMs } as const;
      const measured = { items: 100, hits: 2, prefixTokens: 5_000, promptTokens: 0, readTokens: 0, writtenTokens: 0 };
      lessons.learn({ bk: `${index}`, ...sent, ...measured });
      lessons.see({ bk: `${index}`, hash, model, items: 100, at: at - index * minuteMs, ttl: '5m', isPrimed: true });
    }
    const { plan: made, why } = plan(batch(100), { lessons });
    assert.equal(made, null);
    assert.deepEqual(
      why.map(({ is }) => is),
      ['stopped'],
    );
    const later = plan(batch(100), { lessons, at: at + 90 * 24 * 60 * minuteMs });
    assert.equal(later.plan?.use, 'marked');
  });

  for (const { apartMinutes, ttl } of [
    { apartMinutes: 2, ttl: null },
    { apartMinutes: 20, ttl: '1h' },
    { apartMinutes: 90, ttl: '5m' },
  ]) {
    it(`P3: batches ${apartMinutes} minutes apart come to find an entry that lives, or write one ahead`, () => {
      const marks = marksOfSeries({ batches: 20, apartMinutes });
      assert.ok(marks.slice(10).every(mark => mark.isAlive || mark.prime));
      // Within an hour the entry is written to be there still; beyond it, what lives longer only costs more.
      if (ttl !== null) assert.ok(marks.slice(10).every(mark => mark.ttl === ttl));
    });
  }

  it('keeps to four marks, the long ones first, whatever it meets and has learned', () => {
    checkProperty(
      fc.property(fc.array(requests, { maxLength: 12 }), fc.infiniteStream(fc.nat(100)), (bodies, draws) => {
        const items = bodies.map(body => longBlocks(promptBlocks({ ...body, model })));
        const lessons = new CacheLessons();
        for (const { hash } of items.flatMap(({ positions }) => positions)) {
          const [hits = 0, kind = 0, age = 0] = draws.take(3);
          const sent = { hash, model, ttl: kind % 2 ? '1h' : '5m', use: 'marked', isPrimed: kind % 3 === 0 } as const;
          const measured = { items: 100, hits, prefixTokens: 5_000, promptTokens: 0, readTokens: 0, writtenTokens: 0 };
          lessons.learn({ bk: 'earlier', at: at - age * minuteMs, ...sent, ...measured });
        }
        const { plan: made } = plan(items, { lessons });
        const marks = made?.marks ?? [];
        assert.ok(marks.length <= marksMax);
        const firstShort = marks.findIndex(({ ttl }) => ttl === '5m');
        assert.ok(firstShort < 0 || marks.slice(firstShort).every(({ ttl }) => ttl === '5m'));
        assert.deepEqual(
          marks.map(({ depth }) => depth),
          marks.map(({ depth }) => depth).sort((a, b) => a - b),
        );
      }),
      { runs: 1_000 },
    );
  });
});

/** As if each block were long enough to be cached. */
const longBlocks = (blocks: PromptBlocks): PromptBlocks => ({
  ...blocks,
  positions: blocks.positions.map(position => ({ ...position, hash: position.hash, tokens: position.tokens + 5_000 })),
});
