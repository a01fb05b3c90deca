import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { SummedUsage } from '#core/reconcile/reported-usage.ts';
import type { UsageReport } from '#ports/usage-report.ts';

/** What the look-alike behind the report is told to have billed. */
export interface BilledCall {
  /** Ms since the epoch. */
  at: number;
  workspaceId: string;
  apiKeyId: string;
  model: string;
  tier: 'batch' | 'standard' | 'priority';
  isUsOnly?: boolean;
  /** Input tokens; every other column gets a multiple of it, so that none can be mistaken for another. */
  input: number;
}

export interface UsageReportHarness {
  report: UsageReport;
  bill(...calls: readonly BilledCall[]): void;
  failReads(fault: 'auth' | 'unavailable' | null): void;
  stop(): Promise<void>;
}

export const columnsOf = (input: number) => ({
  input,
  output: 2 * input,
  cacheRead: 3 * input,
  cacheWrite5m: 4 * input,
  cacheWrite1h: 5 * input,
});

const start = Date.UTC(2026, 9, 30, 22, 58);
const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const own = { workspaceId: 'wrkspc_a', apiKeyId: 'apikey_1', model: 'claude-haiku-5-5', tier: 'batch' } as const;
const whose = { apiKeyIds: ['apikey_1'] };

/** The contract of `shared/ports/usage-report.ts`. */
export function describeUsageReport(name: string, make: () => Promise<UsageReportHarness>): void {
  describe(`usage report: ${name}`, () => {
    let harness: UsageReportHarness | null = null;
    const setup = async () => {
      harness = await make();
      return harness;
    };
    afterEach(async () => {
      await harness?.stop();
      harness = null;
    });

    it('gives every column of what was billed, by model, tier and place', async () => {
      const { report, bill } = await setup();
      bill(
        { ...own, at: start + 5_000, input: 10 },
        { ...own, at: start + 6_000, input: 1 },
        { ...own, at: start + 7_000, input: 100, tier: 'standard' },
        { ...own, at: start + 8_000, input: 1_000, isUsOnly: true },
        { ...own, at: start + 9_000, input: 10_000, model: 'claude-sonnet-5-5' },
      );
      const sums = sumsOf(await report.read({ from: start, to: start + minuteMs, whose }));
      assert.deepEqual(sums, {
        'claude-haiku-5-5 batch': columnsOf(11),
        'claude-haiku-5-5 standard': columnsOf(100),
        'claude-haiku-5-5 batch us': columnsOf(1_000),
        'claude-sonnet-5-5 batch': columnsOf(10_000),
      });
    });

    it('takes what lies from the first minute to before the last, over days, hours and minutes', async () => {
      const { report, bill } = await setup();
      const to = start + 3 * dayMs + 2 * hourMs + 7 * minuteMs;
      const inside = [start, start + 90 * minuteMs, start + dayMs, start + 2.7 * dayMs, to - hourMs, to - 1];
      bill(...inside.map((at, index) => ({ ...own, at, input: 10 ** index })));
      bill({ ...own, at: start - 1, input: 7_000_000 }, { ...own, at: to, input: 9_000_000 });
      const sums = sumsOf(await report.read({ from: start, to, whose }));
      assert.deepEqual(sums, { 'claude-haiku-5-5 batch': columnsOf(111_111) });
    });

    it('says of each sum when it was: a price may have changed between them', async () => {
      const { report, bill } = await setup();
      bill({ ...own, at: start, input: 1 }, { ...own, at: start + 3 * dayMs, input: 2 });
      const read = await report.read({ from: start, to: start + 4 * dayMs, whose });
      assert.deepEqual(
        read.filter(({ usage }) => usage.input > 0).map(({ at }) => new Date(at).toISOString().slice(0, 10)),
        [start, start + 3 * dayMs].map(at => new Date(at).toISOString().slice(0, 10)),
      );
    });

    it('is of the keys that are asked for, or of the workspace', async () => {
      const { report, bill } = await setup();
      const at = start + 1_000;
      bill(
        { ...own, at, input: 1 },
        { ...own, at, apiKeyId: 'apikey_2', input: 10 },
        { ...own, at, apiKeyId: 'apikey_3', input: 100 },
        { ...own, at, workspaceId: 'wrkspc_b', apiKeyId: 'apikey_4', input: 1_000 },
      );
      const inputOf = async (of: Parameters<UsageReport['read']>[0]['whose']) =>
        Object.values(sumsOf(await report.read({ from: start, to: start + hourMs, whose: of })))[0]?.input;
      assert.equal(await inputOf({ apiKeyIds: ['apikey_1', 'apikey_3'] }), 101);
      assert.equal(await inputOf({ workspaceId: 'wrkspc_a' }), 111);
    });

    it('leaves out tiers that the fleet does not buy in', async () => {
      const { report, bill } = await setup();
      bill({ ...own, at: start, input: 1 }, { ...own, at: start, input: 10, tier: 'priority' });
      const sums = sumsOf(await report.read({ from: start, to: start + minuteMs, whose }));
      assert.deepEqual(sums, { 'claude-haiku-5-5 batch': columnsOf(1) });
    });

    for (const fault of ['auth', 'unavailable'] as const) {
      it(`throws provider-${fault}, and never gives a part`, async () => {
        const { report, failReads } = await setup();
        failReads(fault);
        await assert.rejects(report.read({ from: start, to: start + dayMs, whose }), { code: `provider-${fault}` });
      });
    }
  });
}

function sumsOf(read: readonly SummedUsage[]): Record<string, SummedUsage['usage']> {
  const sums: Record<string, SummedUsage['usage']> = {};
  for (const { model, tier, isUsOnly, usage } of read) {
    const name = `${model} ${tier}${isUsOnly ? ' us' : ''}`;
    const before = sums[name] ?? columnsOf(0);
    sums[name] = {
      input: before.input + usage.input,
      output: before.output + usage.output,
      cacheRead: before.cacheRead + usage.cacheRead,
      cacheWrite5m: before.cacheWrite5m + usage.cacheWrite5m,
      cacheWrite1h: before.cacheWrite1h + usage.cacheWrite1h,
    };
  }
  return sums;
}
