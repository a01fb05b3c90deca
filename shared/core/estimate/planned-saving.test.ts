import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromNanodollars } from '../money.ts';
import { CacheLessons } from '../prompt-cache/cache-lessons.ts';
import { planCache } from '../prompt-cache/plan-cache.ts';
import { promptBlocks } from '../prompt-cache/prompt-blocks.ts';
import { noSaving, plannedSaving, timesSaving } from './planned-saving.ts';

const at = Date.UTC(2026, 10, 29);
const minuteMs = 60_000;

function planned({ words = 5_000, lessons = new CacheLessons(), now = at, bk = 'first' } = {}) {
  const items = Array.from({ length: 100 }, (_, index) =>
    promptBlocks({
      model: 'claude-haiku-4-5',
      system: 'abcd'.repeat(words),
      messages: [{ role: 'user', content: `document ${index}` }],
    }),
  );
  const { why, sightings } = planCache({
    bk,
    model: 'claude-haiku-4-5',
    at: now,
    items,
    lessons,
    holdoutShare: 0,
    mode: 'on',
  });
  for (const sighting of sightings) lessons.see(sighting);
  return plannedSaving(why);
}

describe('plannedSaving', () => {
  it('is what the planner expects by what is documented, as unsure as that is', () => {
    const { saving, doubt, hitRate, isWarm } = planned();
    // All of the prefix read would save 0.9 of it, and 5,000 tokens of 100 items at half of the price are as much as here.
    const plain = fromNanodollars((100 * 5_000 * 1_000) / 2);
    assert.ok(saving > 0.3 * plain && saving < 0.6 * plain, `${saving / plain}`);
    assert.ok(doubt > 0.15 * plain && doubt < 0.4 * plain, `${doubt / plain}`);
    assert.deepEqual([hitRate, isWarm], [0.64, false]);
  });

  it('is nothing where nothing is marked', () => {
    assert.deepEqual(planned({ words: 100 }), noSaving);
    assert.deepEqual(plannedSaving([{ is: 'off' }]), noSaving);
  });

  it('is warm while an entry lives that the planner has written', () => {
    const lessons = new CacheLessons();
    planned({ lessons });
    assert.equal(planned({ lessons, now: at + 2 * minuteMs, bk: 'second' }).isWarm, true);
    assert.equal(planned({ lessons, now: at + 90 * minuteMs, bk: 'third' }).isWarm, false);
  });

  it('adds up over documents, and what it is by stays', () => {
    const one = planned();
    assert.deepEqual(timesSaving(one, 3), { ...one, saving: one.saving * 3, doubt: one.doubt * 3 });
  });
});
