import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { decodeJournal, encodeJournal } from '#contracts/journal-codec.ts';
import { encodeSettled } from '#contracts/settled-codec.ts';
import { noUsage } from '#core/cost.ts';
import type { JournalRecord } from '#core/journal.ts';
import { journalVersion } from '#core/journal.ts';
import { fromNanodollars, toNanodollars } from '#core/money.ts';
import type { SummedUsage } from '#core/reconcile/reported-usage.ts';
import type { SettledRecord } from '#core/settled.ts';
import { noSpend } from '#core/spend.ts';
import type { UsageQuery } from '#ports/usage-report.ts';
import { created, intent, noon, released, sealed, settledOf } from '#test/support/journal-records.ts';
import { type ReconcileOptions, reconcile } from './reconcile.ts';

const [minute, hour] = [60_000, 3_600_000];
const model = 'claude-haiku-5-5';
const money = (nanodollars: number) => {
  const amount = fromNanodollars(nanodollars);
  return { 'account:main:money': amount, 'fleet:money': amount };
};
const usage = (input: number) => ({ ...noUsage, input });
/** 50 nanodollars a token of input in a batch, 100 in a single call. */
const reportOf = (input: number, tier: SummedUsage['tier'] = 'batch'): SummedUsage => ({
  at: noon,
  model,
  tier,
  isUsOnly: false,
  usage: usage(input),
});

/** 10 tokens were read of batch `b`, and one line of it was lost: booked at 900. */
const settled: SettledRecord = {
  ...settledOf('b', [], money(1_400)),
  cost: fromNanodollars(500),
  spend: {
    at: noon,
    rows: [{ ...noSpend, tenant: null, model, bought: 1, lost: 1, usage: usage(10), billed: fromNanodollars(500) }],
  },
};
const history: readonly JournalRecord[] = [
  { kind: 'ACCOUNT', account: 'main', provider: 'anthropic', baseUrl: 'https://x', owner: 'org/wrkspc_1' },
  sealed('b'),
  intent('b', 1, money(2_000)),
  created('b'),
  released('b', money(1_400)),
];

function setup(records: readonly JournalRecord[] = history) {
  let now = noon;
  const cluster = createMemoryCluster({ partitions: { documents: 1, settled: 1 }, now: () => now });
  const log = cluster.connect();
  const append = (topic: 'journal' | 'settled', ...values: readonly Uint8Array[]) =>
    log.append({ topic, partition: 0, records: values.map(value => ({ key: null, value, headers: {} })) });
  const asked: UsageQuery[] = [];
  const compare = async (reported: readonly SummedUsage[], rest: Partial<ReconcileOptions> = {}) =>
    reconcile({
      log: cluster.connect(),
      clock: { now: () => now },
      report: {
        read: async query => {
          asked.push(query);
          return [...reported];
        },
      },
      account: 'main',
      apiKeyIds: [],
      skewMs: 2 * minute,
      reportedWithinMs: hour,
      ...rest,
    });
  const adjusted = () =>
    cluster.committed('journal', 0).flatMap(({ value, at }) => {
      const record = decodeJournal(value, at);
      return record.kind === 'ADJUSTED'
        ? [[record.until - noon, toNanodollars(record.billed), toNanodollars(record.booked)]]
        : [];
    });
  const begin = async () => {
    await append('settled', encodeSettled(settled));
    await append('journal', ...records.map(encodeJournal));
    now += 2 * hour;
  };
  const pass = (ms: number) => {
    now += ms;
  };
  return { begin, append, compare, adjusted, asked, pass };
}

describe('reconcile', () => {
  it('appends what was billed and never shown, of the workspace that replies have shown', async () => {
    const { begin, compare, adjusted, asked } = setup();
    await begin();
    const compared = await compare([reportOf(14)]);
    assert.deepEqual(compared, {
      is: 'adjusted',
      until: noon + hour,
      billed: fromNanodollars(200),
      booked: fromNanodollars(900),
    });
    assert.deepEqual(adjusted(), [[hour, 200, 900]]);
    const whose = { workspaceId: 'wrkspc_1' };
    assert.deepEqual(asked, [{ from: noon - 2 * minute, to: noon + hour, whose }]);
  });

  it('does it once, whoever does it again; later, with what came since', async () => {
    const { begin, append, compare, adjusted, pass } = setup();
    await begin();
    await compare([reportOf(14)]);
    assert.equal((await compare([reportOf(14)])).is, 'known');
    const prime = { kind: 'PRIME', id: 'p', account: 'main', prefix: 'x', nonce: 'n', reserve: money(700) } as const;
    await append('journal', encodeJournal(prime), encodeJournal({ kind: 'PRIMED', id: 'p', actual: money(700) }));
    pass(3 * hour);
    const compared = await compare([reportOf(14), reportOf(3, 'standard')]);
    assert.deepEqual(compared, {
      is: 'adjusted',
      until: noon + 4 * hour,
      billed: fromNanodollars(500),
      booked: fromNanodollars(1_600),
    });
    assert.equal(adjusted().length, 2);
  });

  it('changes nothing when the report has less than was read, or the price is unknown', async () => {
    const { begin, compare, adjusted } = setup();
    await begin();
    assert.equal((await compare([reportOf(9)])).is, 'short');
    assert.equal((await compare([{ ...reportOf(5), model: 'claude-nobody' }, reportOf(10)])).is, 'unpriced');
    assert.deepEqual(adjusted(), []);
  });

  it('compares nothing while something is under way, and asks nobody', async () => {
    const { begin, compare, asked } = setup(history.slice(0, -1));
    await begin();
    assert.deepEqual([(await compare([])).is, asked.length], ['not-quiet', 0]);
    assert.equal((await compare([], { account: 'other' })).is, 'nothing-bought');
  });

  it('takes keys that it is told; without them and without a workspace it asks for them', async () => {
    const [account, ...rest] = history;
    const unshown = { ...account, owner: 'unshown:0123' } as JournalRecord;
    const { begin, compare, asked } = setup([unshown, ...rest]);
    await begin();
    await assert.rejects(compare([reportOf(10)]), { code: 'invalid-config', where: 'providers.anthropic.apiKeyIds' });
    await compare([reportOf(10)], { apiKeyIds: ['apikey_1'] });
    assert.deepEqual(asked.at(-1)?.whose, { apiKeyIds: ['apikey_1'] });
  });

  it('stops at what a newer program wrote: it may have been a purchase', async () => {
    const { begin, append, compare } = setup();
    await begin();
    await append('journal', Buffer.from(JSON.stringify({ v: journalVersion, kind: 'BOUGHT' })));
    await assert.rejects(compare([]), { code: 'log-newer' });
  });
});
