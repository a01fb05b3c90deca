import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unitsPerDollar } from '#core/money.ts';
import { terminalLook } from '../terminal/terminal-look.ts';
import type { RunSnapshot } from './run-snapshot.ts';
import { endOfRun, middleOfRun } from './snapshot-for-tests.ts';
import { type RunResult, renderSummary, summaryJson } from './summary.ts';

const look = terminalLook({ isTty: false, columns: 80, env: { LANG: 'C.UTF-8' }, colorAllowed: true });
const done: RunResult = { snapshot: endOfRun, end: 'done', auditVerdict: null };

describe('renderSummary', () => {
  it('says how many answers were bought for other documents', () => {
    const snapshot = { ...endOfRun, reused: 82 };
    assert.match(renderSummary({ ...done, snapshot }, look), /work +82 answers given again · 74 retries · 83 batches/);
    assert.equal(summaryJson({ ...done, snapshot }).reused, 82);
  });

  it('is broken between words where a terminal is narrow', () => {
    const narrow = terminalLook({
      isTty: true,
      columns: 60,
      env: { LANG: 'C.UTF-8', NO_COLOR: '1' },
      colorAllowed: true,
    });
    const lines = renderSummary({ ...done, snapshot: { ...endOfRun, simulated: true } }, narrow).split('\n');
    assert.ok(
      lines.every(line => line.length <= 60),
      lines.join('\n'),
    );
    assert.match(lines.join('\n'), /simulated: no key is configured, nothing was\n {16}bought/);
  });

  it('says what became of every document, and what it cost', () => {
    assert.equal(
      renderSummary(done, look),
      `
✗ run r_8f2c01d7aa10 done: 9,997 of 10,000 ok
  answers       10,000 lines in /home/someone/answers.jsonl
  dead letters  3 in /home/someone/dead.jsonl
                      2  invalid-json
                      1  refused
  work          74 retries · 83 batches in 12 min
  cost          $ 15.10
                $ 30.00 as individual calls · saved $ 14.90, 50 %
  cap           this run in all: $ 15.10 of $ 20.00 spent and reserved, 75 %
  next          flotilla dead-letters r_8f2c01d7aa10
                flotilla replay r_8f2c01d7aa10
`,
    );
  });

  it('is all well only when nothing failed', () => {
    const answered = { succeeded: 10_000, dead: 0 };
    const text = renderSummary({ ...done, snapshot: { ...endOfRun, answered, byCause: {} } }, look);
    assert.match(text, /✓ run r_8f2c01d7aa10 done: 10,000 of 10,000 ok/);
    assert.doesNotMatch(text, /dead/);
  });

  it('says in every summary that answers are simulated', () => {
    assert.match(
      renderSummary({ ...done, snapshot: { ...endOfRun, simulated: true } }, look),
      /answers are +simulated/,
    );
  });

  it('says what goes on after an interrupt', () => {
    const text = renderSummary({ ...done, snapshot: middleOfRun, end: 'interrupted' }, look);
    assert.match(text, /interrupted: 6,217 of 10,000 answered/);
    assert.match(text, /goes on +batches at the provider; the same command resumes/);
    const idle = { ...endOfRun, answered: { succeeded: 1, dead: 0 } };
    assert.match(renderSummary({ ...done, snapshot: idle, end: 'interrupted' }, look), /goes on +nothing; the same/);
  });

  it('says how to go on when all that is left is parked', () => {
    const snapshot = { ...middleOfRun, parked: { count: 12, why: 'no room under the cap', isOwn: true } };
    const text = renderSummary({ ...done, snapshot, end: 'parked' }, look);
    assert.match(text, /parked +12 documents, no room under the cap/);
    assert.match(text, /higher --max-cost, or none/);
    const shared = { ...snapshot, parked: { ...snapshot.parked, isOwn: false } };
    const other = renderSummary({ ...done, snapshot: shared, end: 'parked' }, look);
    assert.match(other, /next +the same command, with a higher cap in the configuration or in the next period/);
  });

  it('names the cap that is used up the most, whosever it is', () => {
    const fullest = {
      scope: 'fleet:money',
      period: 'day',
      of: '2026-11-24',
      limit: 0.01 * unitsPerDollar,
      used: 0.00999 * unitsPerDollar,
    } as const;
    const text = renderSummary({ ...done, snapshot: { ...endOfRun, fullest } }, look);
    assert.match(text, /cap +the fleet a day \(2026-11-24\): \$ 0\.00\d+ of \$ 0\.0100 spent and reserved, 99 %/);
    assert.doesNotMatch(renderSummary({ ...done, snapshot: { ...endOfRun, fullest: null } }, look), /cap/);
  });

  it('has one line for the cache: hit rate, what was saved, the share held back', () => {
    const lineOf = (cache: RunSnapshot['cache']): string => {
      const text = renderSummary({ ...done, snapshot: { ...endOfRun, cache } }, look);
      return text.split('\n').find(line => line.includes('  cache  ')) ?? '';
    };
    const tally = { items: 900, hits: 860, promptTokens: 9, saved: 9 };
    const none = { ...tally, batches: 0 };
    const tallies = { marked: { ...tally, batches: 49 }, 'held-back': { ...none, batches: 1 }, shadow: none };
    const cache = { tallies, primes: 3, hitRate: 0.956, saved: 1.2 * unitsPerDollar, heldBack: 0.02 };
    assert.match(lineOf(cache), /cache +hit rate 96 % · saved \$ 1\.20 · 3 primes · 2 % held back \(1 of 50\)$/);
    assert.match(lineOf({ ...cache, saved: -0.03 * unitsPerDollar }), /cost \$ 0\.0300 more/);
    const unmeasured = { ...cache, tallies: { ...tallies, 'held-back': none }, heldBack: 0 };
    assert.match(lineOf(unmeasured), /saved \$ 1\.20, against list prices alone/);
    const shadow = { marked: none, 'held-back': none, shadow: { ...none, batches: 12 } };
    assert.match(lineOf({ ...cache, tallies: shadow }), /shadow: 12 batches would carry markers, nothing was changed$/);
    assert.equal(lineOf(null), '');
  });

  it('names the audit verdict when there is one', () => {
    assert.match(renderSummary({ ...done, auditVerdict: 'clean' }, look), /audit +clean/);
  });
});

describe('summaryJson', () => {
  it('has money as decimal strings and unknown as null', () => {
    const { costUsd, savedUsd, capUsd } = summaryJson(done);
    assert.deepEqual({ costUsd, savedUsd, capUsd }, { costUsd: '15.10', savedUsd: '14.90', capUsd: '20.00' });
    const unknown = summaryJson({ ...done, snapshot: { ...endOfRun, cost: null, cap: null } });
    assert.deepEqual([unknown.costUsd, unknown.savedUsd, unknown.capUsd], [null, null, null]);
  });

  it('accounts for every document', () => {
    const { documents, answered, succeeded, deadLettered, deadLettersByCause } = summaryJson(done);
    assert.deepEqual(
      { documents, answered, succeeded, deadLettered, deadLettersByCause },
      {
        documents: 10_000,
        answered: 10_000,
        succeeded: 9_997,
        deadLettered: 3,
        deadLettersByCause: { 'invalid-json': 2, refused: 1 },
      },
    );
  });
});
