import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { priceOf, type Usage } from '../cost.ts';
import { batchPriceShare, type PriceRow } from '../prices.ts';
import { savedBy } from './cache-allowance.ts';
import { CacheLessons, cacheLessonsOf } from './cache-lessons.ts';
import { type CacheMark, type CachePlan, marksSent } from './cache-plan.ts';
import { planCache } from './plan-cache.ts';
import type { PromptBlocks } from './prompt-positions.ts';

const model = 'claude-haiku-4-5';
const startAt = Date.UTC(2026, 10, 29);
const price = priceOf(model, { promptTokens: 10_000, at: startAt }) as PriceRow;
const hourMs = 3_600_000;

/** A batch of requests behind one prefix, and what becomes of it. */
interface Arrival {
  prefix: number;
  items: number;
  tokens: number;
  /** Ms since the batch before it. */
  gap: number;
  /** Batches that are sealed before it is settled. */
  settlesAfter: number;
  /** Share of its items that read what they are marked for. */
  served: number;
}

const arrivals = (over: Partial<Record<keyof Arrival, fc.Arbitrary<number>>> = {}): fc.Arbitrary<Arrival[]> =>
  fc.array(
    fc.record({
      prefix: fc.nat(3),
      items: fc.constantFrom(1, 2, 5, 20, 100),
      tokens: fc.integer({ min: 4_096, max: 50_000 }),
      gap: fc.constantFrom(2_000, 90_000, 20 * 60_000, hourMs, 4 * hourMs),
      settlesAfter: fc.nat(12),
      served: fc.double({ min: 0, max: 1, noNaN: true }),
      ...over,
    }),
    { minLength: 40, maxLength: 150 },
  );

const blocksOf = ({ prefix, items, tokens }: Arrival): PromptBlocks[] =>
  Array.from({ length: items }, (_, item) => ({
    model,
    tokens: tokens + 50,
    hasOwnMarkers: false,
    positions: [
      { part: 'system', hash: `prefix ${prefix} ${tokens}`, outline: 0, tokens, canMark: true },
      { part: 'messages', hash: `document ${item}`, outline: 0, tokens: tokens + 50, canMark: true },
    ],
  }));

const none: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };

/** Of each item, by the mark that it carries. */
function usagesOf({ items, tokens, served }: Arrival, { ttl }: CacheMark): Usage[] {
  const written = ttl === '1h' ? { ...none, cacheWrite1h: tokens } : { ...none, cacheWrite5m: tokens };
  return Array.from({ length: items }, (_, item) => (item < served * items ? { ...none, cacheRead: tokens } : written));
}

/** What is paid beyond the price of the same tokens without a marker, reckoned from the price rows alone. */
function costBeyondNone({ items, tokens }: Arrival, mark: CacheMark, usages: readonly Usage[]): number {
  const billed = usages.reduce(
    (sum, { cacheRead, cacheWrite5m, cacheWrite1h }) =>
      sum + cacheRead * price.cacheRead + cacheWrite5m * price.cacheWrite5m + cacheWrite1h * price.cacheWrite1h,
    0,
  );
  const prime = mark.prime ? tokens * (mark.ttl === '1h' ? price.cacheWrite1h : price.cacheWrite5m) : 0;
  return (billed - items * tokens * price.input) * batchPriceShare + prime;
}

interface Books {
  bought: number;
  /** Of the dearest batch. */
  batchMax: number;
  /** What markers have cost beyond none, of settled batches. */
  lost: number;
  /** What open trials may cost, should no item read. */
  open: Map<string, number>;
  /** Markers that were no trials. */
  known: number;
}

/** Plans and settles what arrives. @param onTrial after each, with everything that was bought, lost and put at risk */
function run(all: readonly Arrival[], canPrime: boolean, onTrial: (books: Books) => void): Books {
  const lessons = new CacheLessons();
  const books: Books = { bought: 0, batchMax: 0, lost: 0, open: new Map(), known: 0 };
  const waiting: { left: number; settle: () => void }[] = [];
  let at = startAt;
  for (const [index, arrival] of all.entries()) {
    for (const each of waiting) if (each.left-- === 0) each.settle();
    at += arrival.gap;
    const [bk, sealedAt] = [`bk-${index}`, at];
    const planned = planCache({
      bk,
      model,
      at,
      items: blocksOf(arrival),
      lessons,
      holdoutShare: 0,
      mode: 'on',
      canPrime,
    });
    for (const sighting of planned.sightings) lessons.see(sighting);
    const batch = arrival.items * arrival.tokens * price.input * batchPriceShare;
    books.bought += batch;
    books.batchMax = Math.max(books.batchMax, batch);
    const [mark] = marksSent(planned.plan);
    if (!mark) continue;
    const isTrial = planned.why.some(reason => reason.is === 'marked' && reason.isTrial);
    if (isTrial) books.open.set(bk, costBeyondNone(arrival, mark, usagesOf({ ...arrival, served: 0 }, mark)));
    else books.known += 1;
    if (isTrial) onTrial(books);
    const settle = (): void => {
      const usages = usagesOf(arrival, mark);
      const answered = usages.map(usage => ({ usage, model }));
      const settled = { bk, at: sealedAt, plan: planned.plan as CachePlan, answered };
      for (const lesson of cacheLessonsOf(settled)) lessons.learn(lesson);
      books.open.delete(bk);
      books.lost += costBeyondNone(arrival, mark, usages);
    };
    waiting.push({ left: arrival.settlesAfter, settle });
  }
  for (const each of waiting) if (each.left >= 0) each.settle();
  return books;
}

const atRisk = ({ open }: Books): number => [...open.values()].reduce((sum, each) => sum + each, 0);
const promised = ({ bought, batchMax }: Books): number => Math.max(0.01 * bought, 0.4 * batchMax) + 1;

describe('cacheAllowance', () => {
  it('lets no trial go beyond 1 % of what was bought, with all that was lost and all that is still open', () => {
    checkProperty(
      fc.property(arrivals(), fc.boolean(), (all, canPrime) => {
        run(all, canPrime, books => assert.ok(books.lost + atRisk(books) <= promised(books), JSON.stringify(books)));
      }),
      { runs: 300 },
    );
  });

  it('bounds the bill where a provider never serves anything, whatever settles when', () => {
    const hopeless = arrivals({ gap: fc.constant(4 * hourMs), served: fc.constant(0) });
    checkProperty(
      fc.property(hopeless, fc.boolean(), (drawn, isAlike) => {
        const { items, tokens } = drawn[0] as Arrival;
        const all = isAlike ? drawn.map(arrival => ({ ...arrival, items, tokens })) : drawn;
        const books = run(all, false, () => undefined);
        assert.equal(books.known, 0);
        assert.ok(books.lost <= promised(books), JSON.stringify(books));
      }),
      { runs: 300 },
    );
  });
});

/** Batches of one prefix that is served well, of which the first two marked ones bring no answer. @returns how many of 100 are marked */
function markedOf100(afterLost: (lessons: CacheLessons, bk: string, hashes: string[]) => void): number {
  const lessons = new CacheLessons();
  const arrival: Arrival = { prefix: 0, items: 20, tokens: 20_000, gap: 20 * 60_000, settlesAfter: 0, served: 0.95 };
  let marked = 0;
  for (let index = 0; index < 100; index += 1) {
    const [bk, at] = [`bk-${index}`, startAt + index * arrival.gap];
    const batch = { bk, model, at, items: blocksOf(arrival), lessons, holdoutShare: 0, mode: 'on' as const };
    const { plan, sightings } = planCache({ ...batch, canPrime: false });
    for (const sighting of sightings) lessons.see(sighting);
    const [mark] = marksSent(plan);
    if (!mark || !plan) continue;
    marked += 1;
    if (marked <= 2) {
      afterLost(lessons, bk, [mark.hash]);
      continue;
    }
    const answered = usagesOf(arrival, mark).map(usage => ({ usage, model }));
    for (const lesson of cacheLessonsOf({ bk, at, plan, answered })) lessons.learn(lesson);
  }
  return marked;
}

describe('a batch that brings no answer', () => {
  const hanging = markedOf100(() => undefined);

  it('is at risk until it is closed, and no longer', () => {
    assert.ok(hanging < 20, `${hanging}`);
    const marked = markedOf100((lessons, bk, hashes) => lessons.close(bk, hashes));
    assert.ok(marked > 80, `${marked}`);
  });

  it('is no experience when it was never sealed or sent', () => {
    const marked = markedOf100((lessons, bk) => lessons.forget(bk));
    assert.ok(marked > 80, `${marked}`);
  });
});

describe('savedBy', () => {
  it('adds up to what a batch with several marks has saved', () => {
    const marks: CacheMark[] = [
      { depth: 1, hash: 'all', ttl: '1h', prime: false },
      { depth: 2, hash: 'some', ttl: '5m', prime: false },
    ];
    const usages: Usage[] = [
      { ...none, cacheWrite1h: 5_000, cacheWrite5m: 3_000 },
      { ...none, cacheRead: 5_000, cacheWrite5m: 3_000 },
      { ...none, cacheRead: 8_000 },
    ];
    const answered = usages.map(usage => ({ usage, model }));
    const lessons = cacheLessonsOf({ bk: 'a', at: startAt, plan: { use: 'marked', marks }, answered });
    const saved = lessons.reduce((sum, lesson) => sum + savedBy(lesson, price), 0);
    const billed = 5_000 * price.cacheWrite1h + 6_000 * price.cacheWrite5m + 13_000 * price.cacheRead;
    assert.equal(saved, (24_000 * price.input - billed) * batchPriceShare);
  });
});
