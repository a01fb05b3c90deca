import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '#core/document.ts';
import { asIsRecipe } from '#core/recipe.ts';
import { terminalLook } from '../terminal/terminal-look.ts';
import { estimateJson, FileEstimate, individually } from './file-estimate.ts';
import { renderEstimate } from './render-estimate.ts';

const at = Date.UTC(2026, 10, 23);

const documentOf = (model: string): Document => ({
  customId: 'a',
  ask: {
    shape: 'as-is',
    provider: 'anthropic',
    params: { model, max_tokens: 100, messages: [{ role: 'user', content: 'x'.repeat(1_000) }] },
  },
  metadata: undefined,
  task: null,
});

function estimate(...models: string[]): FileEstimate {
  const sum = new FileEstimate(at);
  for (const model of models) sum.add(documentOf(model), asIsRecipe);
  return sum;
}

describe('FileEstimate', () => {
  it('adds up, at half of the price of single calls', () => {
    const [one, two] = [estimate('claude-haiku-4-5').batch, estimate('claude-haiku-4-5', 'claude-haiku-4-5').batch];
    assert.equal(two.high, one.high * 2);
    assert.equal(individually(one).expected, one.expected * 2);
    assert.ok(one.low < one.expected && one.expected < one.high);
  });

  it('shows an unknown price as unknown, in no sum', () => {
    const mixed = estimate('claude-haiku-4-5', 'claude-nobody', 'claude-nobody');
    assert.deepEqual(mixed.batch, estimate('claude-haiku-4-5').batch);
    assert.deepEqual(mixed.unpriced, { documents: 2, models: ['claude-nobody'] });
    const look = terminalLook({ isTty: false, columns: 80, env: { LANG: 'C.UTF-8' }, colorAllowed: true });
    assert.match(renderEstimate('a.jsonl', mixed, look), /unknown price +2 documents \(claude-nobody\), in no sum/);
    assert.doesNotMatch(renderEstimate('a.jsonl', estimate('claude-nobody'), look), /as batches/);
  });

  it('gives programs decimal strings', () => {
    const { batchUsd, priceTableDate } = estimateJson(estimate('claude-haiku-4-5')) as {
      batchUsd: Record<string, string>;
      priceTableDate: string;
    };
    assert.match(batchUsd.low ?? '', /^0\.\d+$/);
    assert.match(priceTableDate, /^\d{4}-\d\d-\d\d$/);
  });

  it('counts rejected lines, which cost nothing', () => {
    const sum = estimate();
    sum.reject();
    assert.deepEqual([sum.rejected, sum.batch.high], [1, 0]);
  });
});
