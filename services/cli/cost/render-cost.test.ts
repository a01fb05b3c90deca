import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noUsage } from '#core/cost.ts';
import {
  type CostKey,
  costKeys,
  costLines,
  costTotal,
  noSums,
  type SpendFigures,
} from '#core/cost-report/cost-report.ts';
import { findAnomalies } from '#core/cost-report/spend-anomalies.ts';
import { fromNanodollars, unitsPerDollar } from '#core/money.ts';
import { textWidth } from '../terminal/fit-text.ts';
import { terminalLook } from '../terminal/terminal-look.ts';
import { costJson } from './cost-json.ts';
import { type CostReport, renderCost } from './render-cost.ts';

const spend = (rest: Partial<SpendFigures>): SpendFigures => ({
  ...noSums,
  day: '2026-11-24',
  task: 'classify-the-whole-of-it',
  tenant: '文件'.repeat(20),
  model: 'claude-haiku-5-5',
  delivered: 1_234_567,
  bought: 1_300_000,
  usage: { ...noUsage, input: 1_000_000 },
  billed: fromNanodollars(12_345_678_901),
  uncached: 13 * unitsPerDollar,
  individual: 26 * unitsPerDollar,
  ...rest,
});

const reportOf = (figures: readonly SpendFigures[], by: readonly CostKey[] = ['task']): CostReport => ({
  since: null,
  until: null,
  by,
  lines: costLines(figures, by),
  total: costTotal(figures),
  caps: [
    {
      scope: 'task:classify:money',
      period: 'day',
      of: '2026-11-24',
      limit: 0.05 * unitsPerDollar,
      used: 0.045 * unitsPerDollar,
    },
  ],
  neverShown: { is: 'unknown', booked: 0 },
  parked: { held: [{ scope: 'task:classify:money', period: 'day', batches: 2, documents: 40 }], unread: 7 },
  anomalies: findAnomalies(figures, { today: '2026-11-24' }),
  isSimulated: false,
  unknown: null,
});
const look = (columns: number, { isTty = true, env = {} } = {}) =>
  terminalLook({ isTty, columns, env: { LANG: 'C.UTF-8', ...env }, colorAllowed: true });

describe('renderCost', () => {
  for (const width of [40, 60, 80, 100, 140, 200]) {
    it(`its table fits ${width} columns, by whatever it is told`, () => {
      for (const by of [...costKeys.map(key => [key]), ...(width >= 80 ? [costKeys] : [])]) {
        const lines = renderCost(reportOf([spend({}), spend({ task: null })], by), look(width)).split('\n');
        const table = lines.slice(2, 6);
        for (const line of [...table, ...lines.filter(each => each.includes('saved'))])
          assert.ok(textWidth(line) <= width, `${textWidth(line)}: ${line}`);
      }
    });
  }

  it('says what had no room; a pipe gets all of it', () => {
    const report = reportOf([spend({})]);
    assert.match(renderCost(report, look(60)), /no room for .*batch, cache/);
    const piped = renderCost(report, look(60, { isTty: false }));
    assert.match(piped, /documents +individual +batch +cache +primes +billed +retries +waste +saved/);
    assert.equal(piped.includes('\u001b'), false);
  });

  it('adds up on paper, and names a cache that did not pay', () => {
    const text = renderCost(reportOf([spend({ uncached: 12 * unitsPerDollar })]), look(100, { isTty: false }));
    assert.match(text, /as batches +\$ 12\.00/);
    assert.match(text, /cache +\$ 0\.3457 {2}markers cost more than they brought/);
    assert.match(text, /billed +\$ 12\.35/);
  });

  it('says what answers given again have saved, and has no column for it where there are none', () => {
    const reused = { answers: 12, unpriced: 1, batch: unitsPerDollar, individual: 2 * unitsPerDollar };
    const report = reportOf([spend({ reused })]);
    const text = renderCost(report, look(100, { isTty: false }));
    assert.match(text, /documents +individual +batch +reuse +cache/);
    assert.match(text, /1,234,579 +\$ 28\.00 +\$ 14\.00 +-\$ 1\.00/);
    assert.match(text, /reuse +-\$ 1\.00 {2}12 requests not bought: answers given again/);
    assert.match(text, /price unknown for 1 answer given again, in no sum/);
    const { total } = costJson(report) as { total: { reusedUsd: string; counts: { reused: number } } };
    assert.deepEqual([total.reusedUsd, total.counts.reused], ['1.00', 12]);
    assert.equal(renderCost(reportOf([spend({})]), look(100, { isTty: false })).includes('reuse'), false);
  });

  it('says what was billed and never shown, and what nobody has asked for', () => {
    const textOf = (neverShown: CostReport['neverShown'], columns = 140): string =>
      renderCost({ ...reportOf([spend({})]), neverShown }, look(columns));
    assert.equal(textOf({ is: 'unknown', booked: 0 }).includes('never shown'), false);
    const unknown = { is: 'unknown', booked: fromNanodollars(76_742_632) } as const;
    assert.match(textOf(unknown), /never shown: unknown, up to \$ 0\.0767 booked at worst case; flotilla reconcile/);
    const until = Date.UTC(2026, 10, 29, 6, 58);
    const reported = {
      is: 'reported',
      until,
      billed: fromNanodollars(20_000_000),
      booked: fromNanodollars(76_742_632.25),
    } as const;
    assert.match(textOf(reported), /never shown: \$ 0\.0200 by the provider's usage report up to 2026-11-29 06:58 UTC/);
    const { neverShown } = costJson({ ...reportOf([spend({})]), neverShown: reported });
    const json = { billedUsd: '0.02', bookedUsd: '0.07674263225', reportUntil: '2026-11-29T06:58:00.000Z' };
    assert.deepEqual(neverShown, json);
  });

  it('says what it could not read, also where nothing is left', () => {
    for (const figures of [[], [spend({})]]) {
      const report = { ...reportOf(figures), unknown: 'journal record CAP of version 1' };
      assert.match(renderCost(report, look(100)), /the log has a journal record CAP of version 1, not read/);
    }
  });

  it('says how full caps are, and which batches they hold', () => {
    const text = renderCost(reportOf([]), look(100, { isTty: false }));
    assert.match(text, /nothing was bought/);
    assert.match(text, /parked: 40 documents, no room under the cap of task classify a day/);
    assert.match(text, /and 7 waiting batches that were not looked at/);
    assert.match(text, /task classify a day \(2026-11-24\): \$ 0\.0450 of \$ 0\.0500 spent and reserved, 90 %/);
  });

  it('says what changed on a day that is not as usual; in JSON the parts sum to it', () => {
    const days = Array.from({ length: 7 }, (_, day) => spend({ day: `2026-11-${17 + day}`, delivered: 600_000 }));
    const report = reportOf([...days, spend({ billed: 30 * unitsPerDollar, uncached: 30 * unitsPerDollar })]);
    const text = renderCost(report, look(100, { isTty: false }));
    assert.match(text, /2026-11-24: \$ 30\.00, \$ 12\.35 a day in the seven before \(above-1\.2-of-seven-days\)/);
    const { anomalies } = costJson(report) as {
      anomalies: { found: { billedUsd: string; usualUsd: string; changeUsd: Record<string, string> }[] };
    };
    const [found] = anomalies.found;
    const sum = Object.values(found?.changeUsd ?? {}).reduce(
      (total, part) => total + Math.round(Number(part) * unitsPerDollar),
      0,
    );
    assert.equal(sum, Math.round((Number(found?.billedUsd) - Number(found?.usualUsd)) * unitsPerDollar));
  });

  it('lets no name move the cursor', () => {
    const text = renderCost(reportOf([spend({ task: 'a\u001b[2Jb' })]), look(100, { isTty: false }));
    assert.equal(text.includes('\u001b'), false);
  });
});
