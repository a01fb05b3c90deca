import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toNanodollars } from './money.ts';
import { billedAt, priceRows } from './prices.ts';

const terms = [false, true].flatMap(isBatch => [false, true].map(isUsOnly => ({ isBatch, isUsOnly })));

describe('price rows', () => {
  it('are whole units a token on all terms: nothing is rounded', () => {
    for (const { model, input, output, cacheRead, cacheWrite5m, cacheWrite1h } of priceRows) {
      for (const price of [input, output, cacheRead, cacheWrite5m, cacheWrite1h]) {
        assert.ok(Number.isSafeInteger(toNanodollars(price)) && price > 0, model);
        for (const { isBatch, isUsOnly } of terms) {
          const billed = billedAt(price, { isBatch, isUsOnly });
          assert.ok(Number.isSafeInteger(billed), `${model}: ${price}`);
          assert.equal(billed * 20, price * (isBatch ? 1 : 2) * (isUsOnly ? 11 : 10), `${model}: ${price}`);
        }
      }
    }
  });
});
