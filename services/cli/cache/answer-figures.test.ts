import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noAnswerCounts } from '#ports/answer-store.ts';
import { answerFiguresJson, renderAnswerFigures, sumAnswers } from './answer-figures.ts';

const settings = { ttlMs: 60_000, entriesMax: 10 };
const figuresOf = (saved: number, savedWaitMs: number) => {
  const counts = { ...noAnswerCounts, saved, savedWaitMs, bought: 4, boughtMs: 4 * 600_000 };
  return sumAnswers([{ settings, stats: { ...counts, size: 4 } }]);
};

describe('answer figures', () => {
  it('say how much sooner each answer came than one that was bought, and to programs the sum', () => {
    const figures = figuresOf(20, 20 * 60_000);
    assert.match(renderAnswerFigures(figures), /given again +20, each about 9 min sooner than if bought/);
    assert.equal(answerFiguresJson(figures).time_saved_estimate_seconds, 20 * 540);
  });

  it('that waited for a purchase under way have saved no time, and never less than none', () => {
    const figures = figuresOf(20, 20 * 700_000);
    assert.match(renderAnswerFigures(figures), /given again +20, no sooner than if bought/);
    assert.equal(answerFiguresJson(figures).time_saved_estimate_seconds, 0);
  });

  it('are nothing where nothing was kept', () => {
    assert.match(renderAnswerFigures(sumAnswers([{ settings, stats: null }])), /given again +none\n/);
  });
});
