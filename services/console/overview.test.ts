import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkerHint } from '#contracts/worker-hint.ts';
import { fromNanodollars, unitsPerDollar } from '#core/money.ts';
import type { Figures } from '#projection/read-figures.ts';
import { type OverviewParts, overviewJson, staleAfterMs } from './overview.ts';

const noTotals = {
  documents: 0,
  succeeded: 0,
  dead: 0,
  copies: 0,
  deadLetters: 0,
  sealedBatches: 0,
  sealedItems: 0,
  settledBatches: 0,
  settledDone: 0,
  settledDead: 0,
  settledRetry: 0,
  billed: 0,
  individual: 0,
  unpricedBatches: 0,
};

const noFigures: Figures = {
  fleet: 'fleeta',
  totals: noTotals,
  states: [],
  open: [],
  settled: [],
  causes: [],
  tasks: new Map([['hash', 'classify']]),
  retriesWaiting: 0,
  canceledRuns: 0,
  unknown: null,
};

const worker: WorkerHint = {
  worker: 'w1',
  incarnation: 'i',
  roles: ['accumulator'],
  host: 'h',
  pid: 1,
  startedAt: 0,
  seenAt: 9_000,
  url: null,
  isDraining: false,
  lanes: [
    { key: 'main|hash||', items: 10, itemsMax: 100, ageMs: 29_000, ageMsMax: 30_000 },
    { key: 'main|none||', items: 63, itemsMax: 100, ageMs: 3_000, ageMsMax: 30_000 },
  ],
  laneCount: 2,
  laneItems: 73,
  parked: 0,
  journalOffset: 40,
  troubles: [],
};

function overview(parts: Partial<OverviewParts> = {}): Record<string, never> {
  return overviewJson({
    now: 10_000,
    freshness: { is: 'live', asOf: 9_900, behind: 0, trouble: null },
    budget: null,
    figures: noFigures,
    workers: { isKnown: true, workers: [worker], unreadable: 0 },
    intake: { unsealed: 73, partitions: [], journalEnd: 42 },
    source: { name: 'here', isSimulated: true, board: { why: 'none' } },
    ...parts,
  }) as Record<string, never>;
}

describe('overviewJson', () => {
  it('says unknown, and never none, of what nobody can say', () => {
    const silent = overview({ workers: { isKnown: false, why: 'Redis is away' }, figures: null, intake: null });
    assert.deepEqual(silent.lanes, { isKnown: false, why: 'Redis is away' });
    assert.deepEqual(silent.workers, { isKnown: false, why: 'Redis is away', engineRunning: null });
    const { documents, batches, deadLetters, money, intake } = silent;
    assert.deepEqual([documents, batches, deadLetters, money, intake], [null, null, null, null, null]);
    const submitter: WorkerHint = { ...worker, roles: ['submitter'] };
    const { lanes } = overview({ workers: { isKnown: true, workers: [submitter], unreadable: 0 } });
    assert.deepEqual(lanes, { isKnown: false, why: 'no accumulator has said anything' });
  });

  it('has figures that are old as stale, and those of a log that is being read as building', () => {
    const state = (is: 'live' | 'building', asOf: number | null) =>
      overview({ freshness: { is, asOf, behind: null, trouble: null } }).state;
    assert.equal(state('live', 10_000 - staleAfterMs), 'live');
    assert.equal(state('live', 10_000 - staleAfterMs - 1), 'stale');
    assert.equal(state('building', null), 'building');
    assert.equal(state('building', 0), 'building');
  });

  it('has lanes by how near they are to their close, with their task and as old as they are now', () => {
    const { shown, count, documents, heardMs } = overview().lanes as never as {
      shown: { task: string | null; account: string; ageMs: number }[];
      count: number;
      documents: number;
      heardMs: number;
    };
    assert.deepEqual([count, documents, heardMs], [2, 73, 1_000]);
    assert.deepEqual(
      shown.map(({ account, task, ageMs }) => [account, task, ageMs]),
      [
        ['main', 'classify', 30_000],
        ['main', null, 4_000],
      ],
    );
  });

  it('says how full caps are, what they hold and which day was not as usual', () => {
    const cap = { scope: 'fleet:money', period: 'day', of: '2026-11-24', limit: 100, used: 90 } as const;
    const held = [{ scope: 'task:a:money', period: 'month' as const, batches: 1, documents: 7 }];
    const parked = { held, unread: 0 };
    const day = { day: '2026-11-24', rule: 'above-1.2-of-seven-days', cost: 200, usual: 100 } as const;
    const found = [{ ...day, comparedWith: null, score: null, change: {} as never }];
    const anomalies = { found, historyDays: 9, needsDays: {} as never };
    const { money } = overview({ budget: { caps: [cap], parked, anomalies } }) as unknown as {
      money: {
        caps: { text: string; isNearlyFull: boolean }[];
        parked: { why: string }[];
        anomalies: { day: string }[];
      };
    };
    const [full] = money.caps;
    assert.match(full?.text ?? '', /^the fleet a day \(2026-11-24\): .*, 90 %$/);
    assert.equal(full?.isNearlyFull, true);
    assert.equal(money.parked[0]?.why, 'no room under the cap of task a a month');
    assert.equal(money.anomalies[0]?.day, '2026-11-24');
  });

  it('has money as decimal text, and what is unpriced apart', () => {
    const totals = {
      ...noTotals,
      billed: 1.5 * unitsPerDollar,
      individual: fromNanodollars(3_000_000_001),
      unpricedBatches: 2,
    };
    const { money } = overview({ figures: { ...noFigures, totals } }) as unknown as { money: unknown };
    assert.deepEqual(money, {
      billed: { usd: '1.50', text: '$ 1.50' },
      individual: { usd: '3.000000001', text: '$ 3.00' },
      saved: { usd: '1.500000001', text: '$ 1.50' },
      savedPercent: 50,
      unpricedBatches: 2,
      caps: [],
      parked: [],
      anomalies: [],
    });
  });

  it('offers a command to paste only for causes that are ours (T11)', () => {
    const cause = (name: string) => ({
      cause: name,
      class: 'x',
      count: 1,
      lastAt: 0,
      sample: { rid: '0/1', customId: null, why: '' },
    });
    const causes = [cause('refused'), cause('x; rm -rf ~'), cause('constructor')];
    const { deadLetters } = overview({ figures: { ...noFigures, causes } }) as unknown as {
      deadLetters: { causes: { replay: string | null; fix: string }[] };
    };
    assert.deepEqual(
      deadLetters.causes.map(({ replay }) => replay),
      ['flotilla replay --cause refused', null, 'flotilla replay --cause constructor'],
    );
    assert.equal(deadLetters.causes[2]?.fix, 'look at its message');
  });

  it('has how far a worker is behind the journal, and null when that is unknown', () => {
    const lagOf = (intake: OverviewParts['intake']) => {
      const { workers } = overview({ intake }) as unknown as { workers: { shown: { journalLag: number | null }[] } };
      return workers.shown[0]?.journalLag;
    };
    assert.equal(lagOf({ unsealed: 0, partitions: [], journalEnd: 42 }), 2);
    assert.equal(lagOf(null), null);
  });
});
