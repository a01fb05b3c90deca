import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { intent, openFold, sealed } from '#test/support/journal-records.ts';
import type { Batch } from '../view.ts';
import { parkedFigures, priceUnknown, type WaitingBatch } from './cap-parked.ts';
import { holdInWords } from './cap-words.ts';

const now = Date.UTC(2026, 10, 24, 12);
const view = {
  batches: new Map(),
  primes: new Map(),
  caps: new Map([
    ['task:a:money|day', 100],
    ['fleet:money|month', 1_000],
  ]),
  used: new Map([
    ['task:a:money|2026-11-24', 90],
    ['fleet:money|2026-11', 500],
  ]),
};
const waiting = (amounts: Record<string, number>, documents = 1, unpriced: string[] = []): WaitingBatch => ({
  reserve: { amounts, unpriced },
  documents,
});

describe('parkedFigures', () => {
  it('counts what a cap holds, by the cap, most documents first; what has room is not parked', () => {
    const figures = parkedFigures(
      view,
      [
        waiting({ 'task:a:money': 33 }, 3),
        waiting({ 'task:a:money': 60 }, 4),
        waiting({ 'task:a:money': 10 }, 5),
        waiting({ 'fleet:money': 9 * 501 }, 9),
      ],
      now,
    );
    assert.deepEqual(figures, [
      { scope: 'fleet:money', period: 'month', batches: 1, documents: 9 },
      { scope: 'task:a:money', period: 'day', batches: 2, documents: 7 },
    ]);
  });

  it('what will be bought in parts is not parked, unless something is under way that has to end first', () => {
    const batches = [waiting({ 'task:a:money': 40 }, 4)];
    assert.deepEqual(parkedFigures(view, batches, now), []);
    const { state } = openFold(sealed('b'), intent('b', 1, { 'task:a:money': 1 })).batch('b');
    const busy = { ...view, batches: new Map([['b', { state } as Batch]]) };
    assert.equal(parkedFigures(busy, batches, now)[0]?.documents, 4);
  });

  it('has room again in the next period', () => {
    assert.deepEqual(parkedFigures(view, [waiting({ 'task:a:money': 50 })], now + 86_400_000), []);
  });

  it('what has no price waits under any cap, and for no room', () => {
    const [held] = parkedFigures(view, [waiting({}, 2, ['fleet:money'])], now);
    assert.deepEqual(held, { scope: priceUnknown, period: null, batches: 1, documents: 2 });
    assert.match(holdInWords({ scope: priceUnknown, period: null }), /price of their model is unknown/);
    assert.deepEqual(parkedFigures({ ...view, caps: new Map() }, [waiting({}, 2, ['fleet:money'])], now), []);
  });
});
