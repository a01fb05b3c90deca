import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parkedFigures, priceUnknown, type WaitingBatch } from './cap-parked.ts';
import { holdInWords } from './cap-words.ts';

const now = Date.UTC(2026, 10, 24, 12);
const view = {
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
        waiting({ 'task:a:money': 11 }, 3),
        waiting({ 'task:a:money': 20 }, 4),
        waiting({ 'task:a:money': 10 }, 5),
        waiting({ 'fleet:money': 501 }, 9),
      ],
      now,
    );
    assert.deepEqual(figures, [
      { scope: 'fleet:money', period: 'month', batches: 1, documents: 9 },
      { scope: 'task:a:money', period: 'day', batches: 2, documents: 7 },
    ]);
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
