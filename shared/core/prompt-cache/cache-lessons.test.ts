import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { type CacheLesson, CacheLessons, type CacheSighting, cacheLessonsOf } from './cache-lessons.ts';
import { type HitQuestion, hitRate } from './hit-rate.ts';

const at = Date.UTC(2026, 10, 29);
const model = 'claude-haiku-4-5';

const lesson = (over: Partial<CacheLesson> = {}): CacheLesson => ({
  bk: 'a',
  hash: 'p',
  model,
  ttl: '5m',
  use: 'marked',
  isPrimed: true,
  items: 100,
  prefixTokens: 5_000,
  promptTokens: 0,
  hits: 90,
  readTokens: 0,
  writtenTokens: 0,
  at,
  ...over,
});

const question: HitQuestion = { hash: 'p', model, items: 100, ttl: '5m', state: 'primed', now: at };

const learned = (...lessons: CacheLesson[]): CacheLessons => {
  const made = new CacheLessons();
  for (const each of lessons) made.learn(each);
  return made;
};

describe('hitRate', () => {
  it('is what is documented before anything was measured: 30 % to 98 %', () => {
    const { mean, low, high } = hitRate(learned(), question);
    assert.ok(low > 0.25 && low < 0.35 && high > 0.95 && mean > low && mean < high);
  });

  it('comes nearer to what was measured, and surer, with each batch', () => {
    const few = hitRate(learned(lesson()), question);
    const many = hitRate(learned(...Array.from({ length: 30 }, (_, index) => lesson({ bk: `${index}` }))), question);
    assert.ok(Math.abs(many.mean - 0.9) < Math.abs(few.mean - 0.9));
    assert.ok(many.spread < few.spread && many.spread < 0.03);
  });

  it('falls back to other prefixes of the model, which count less', () => {
    const others = Array.from({ length: 30 }, (_, index) =>
      lesson({ bk: `${index}`, hash: `other ${index}`, hits: 35 }),
    );
    const borrowed = hitRate(learned(...others), question);
    const own = hitRate(learned(...others.map(other => ({ ...other, hash: 'p' }))), question);
    assert.ok(own.mean < borrowed.mean && borrowed.mean < hitRate(learned(), question).mean);
    assert.equal(
      hitRate(learned(...others), { ...question, model: 'claude-opus-5-5' }).mean,
      hitRate(learned(), question).mean,
    );
  });

  it('leaves out what was held back or only told, and forgets', () => {
    const unsent = [lesson({ use: 'held-back', hits: 0 }), lesson({ bk: 'b', use: 'shadow', hits: 0 })];
    assert.deepEqual(hitRate(learned(...unsent), question), hitRate(learned(), question));
    const old = hitRate(learned(lesson({ hits: 0 })), { ...question, now: at + 60 * 24 * 3_600_000 });
    assert.ok(Math.abs(old.mean - hitRate(learned(), question).mean) < 0.001);
  });

  it('knows that a single item finds nothing where nothing is', () => {
    assert.equal(hitRate(learned(), { ...question, items: 1, state: 'cold' }).high, 0);
  });
});

const sightings: fc.Arbitrary<CacheSighting> = fc.record({
  bk: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  hash: fc.constantFrom('p', 'q'),
  model: fc.constant(model),
  items: fc.constant(10),
  at: fc.constant(at),
  ttl: fc.constantFrom('5m', '1h', null),
  isPrimed: fc.constant(false),
});

describe('CacheLessons', () => {
  it('is the same whatever the order', () => {
    const lessons = fc.uniqueArray(fc.tuple(fc.nat(200), fc.nat(20)), { selector: ([bk]) => bk, maxLength: 100 });
    checkProperty(
      fc.property(lessons, fc.nat(), (drawn, shift) => {
        const all = drawn.map(([bk, hits]) => lesson({ bk: `${bk}`, at: at - (bk >> 1) * 1_000, items: 20, hits }));
        const turned = [...all.slice(shift % (all.length + 1)), ...all.slice(0, shift % (all.length + 1))];
        assert.deepEqual(learned(...turned).lessons('p'), learned(...all).lessons('p'));
        const [one, other] = [learned(...all), learned(...turned.toReversed())];
        assert.ok(Math.abs(hitRate(one, question).mean - hitRate(other, question).mean) < 1e-9);
      }),
    );
  });

  it('counts the first telling of a batch, and takes from a later one only what that did not say', () => {
    const lessons = new CacheLessons();
    lessons.see({ bk: 'a', hash: 'p', items: 10, at, ttl: '5m', isPrimed: true });
    lessons.see({ bk: 'a', hash: 'p', items: 99, at, ttl: null, isPrimed: false, model, tokens: 5_000 });
    const told = { bk: 'a', hash: 'p', items: 10, at, ttl: '5m', isPrimed: true, model, tokens: 5_000 };
    assert.deepEqual(lessons.sightings('p'), [told]);
    assert.deepEqual(lessons.model(model).sightings, [told]);
  });

  it('is bounded', () => {
    const lessons = new CacheLessons();
    for (let index = 0; index < 5_000; index += 1) {
      lessons.learn(lesson({ bk: `${index}`, hash: index % 2 ? 'p' : `${index}`, at: at + index }));
    }
    assert.equal(lessons.lessons('p').length, 64);
    assert.equal(lessons.lessons('p')[0]?.bk, '4999');
    assert.equal(lessons.lessons('0').length, 0);
    assert.equal(lessons.model(model).lessons.length, 256);
  });

  it('comes back from a snapshot as it was', () => {
    checkProperty(
      fc.property(fc.array(sightings), fc.array(fc.nat(30)), (seen, hits) => {
        const before = learned(...hits.map((each, index) => lesson({ bk: `${index}`, hits: each })));
        for (const sighting of seen) before.see(sighting);
        const after = CacheLessons.fromSnapshot(structuredClone(before.toSnapshot()));
        assert.deepEqual(after.toSnapshot(), before.toSnapshot());
        for (const state of ['primed', 'warm', 'cold'] as const) {
          assert.deepEqual(hitRate(after, { ...question, state }), hitRate(before, { ...question, state }));
        }
      }),
    );
  });
});

describe('cacheLessonsOf', () => {
  const none = { input: 10, output: 5, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
  const plan = { use: 'marked', marks: [{ depth: 1, hash: 'p', ttl: '5m', prime: false }] } as const;
  const answeredWith = (...usages: (typeof none)[]) => usages.map(usage => ({ usage, model }));
  const written = { ...none, cacheWrite5m: 5_000 };
  const read = { ...none, cacheRead: 5_000 };

  it('counts items that read, and what was read and written', () => {
    const answered = answeredWith(written, read, read);
    assert.deepEqual(cacheLessonsOf({ bk: 'a', at, plan, answered }), [
      lesson({
        isPrimed: false,
        items: 3,
        hits: 2,
        promptTokens: 15_030,
        readTokens: 10_000,
        writtenTokens: 5_000,
      }),
    ]);
  });

  it('what carries no marker, being of another model or prefix, has missed nothing', () => {
    const others = Array.from({ length: 40 }, () => ({ usage: none, model: 'claude-opus-5-5' }));
    const answered = [...others, ...answeredWith(written, read, read)];
    const [learnt] = cacheLessonsOf({ bk: 'a', at, plan, answered });
    assert.deepEqual([learnt?.model, learnt?.items, learnt?.hits], [model, 3, 2]);
    assert.equal(learnt?.promptTokens, 15_430);
  });

  it('where nobody read or wrote all have missed; without markers all count', () => {
    const answered = answeredWith(none, none);
    assert.equal(cacheLessonsOf({ bk: 'a', at, plan, answered })[0]?.items, 2);
    const back = { ...plan, use: 'held-back' } as const;
    assert.equal(cacheLessonsOf({ bk: 'a', at, plan: back, answered: answeredWith(none, read) })[0]?.items, 2);
  });
});
