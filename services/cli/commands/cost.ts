import { accountNameDefault } from '#contracts/config-defaults.ts';
import { capProgress } from '#core/cost-report/cost-caps.ts';
import { type CostKey, costLines, costTotal } from '#core/cost-report/cost-report.ts';
import { neverShownCost } from '#core/cost-report/never-shown-cost.ts';
import { anomalyHistoryDays, findAnomalies } from '#core/cost-report/spend-anomalies.ts';
import { periodKey } from '#core/view.ts';
import type { Projection } from '#projection/projection.ts';
import { readSpend } from '#projection/read-spend.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { parkedBatches } from '#runtime/parked-batches.ts';
import type { Command } from '../command-context.ts';
import { costJson } from '../cost/cost-json.ts';
import type { FocusSource } from '../cost/focus-csv.ts';
import { type CostReport, renderCost } from '../cost/render-cost.ts';
import { withProjection } from '../cost/with-projection.ts';
import { writeFocus } from '../cost/write-focus.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import type { OpenState } from '../open-state.ts';

export interface CostOptions {
  by: readonly CostKey[];
  /** First and last day, such as `2026-11-24`. */
  since?: string;
  until?: string;
  /** Where a FinOps FOCUS CSV is written; `-` for stdout. */
  focus?: string;
}

/** `flotilla cost`: what was bought, for whom, and what it would have cost otherwise. */
export const cost =
  (options: CostOptions): Command =>
  async context => {
    const settings = await loadSettings(context);
    return withProjection({ settings, context }, async ({ projection, state }) => {
      if (options.focus !== undefined) {
        const figures = readSpend(projection, boundsOf(options));
        await writeFocus({ figures, path: options.focus, source: sourceOf(projection, settings, state) }, context);
        if (options.focus === '-') return exitCodes.done;
      }
      const account = settings.account?.name ?? accountNameDefault;
      const report = await reportOf(projection, state, { ...options, account });
      if (context.isJson) await context.out(`${JSON.stringify(costJson(report))}\n`);
      else await context.out(renderCost(report, context.outLook));
      return exitCodes.done;
    });
  };

const boundsOf = ({ since, until }: CostOptions) => ({ since: since ?? null, until: until ?? null });

async function reportOf(
  projection: Projection,
  { log, simulatedFolder }: OpenState,
  options: CostOptions & { account: string },
): Promise<CostReport> {
  const now = Date.now();
  const [today, dayMs] = [periodKey('day', now), 86_400_000];
  const figures = readSpend(projection, boundsOf(options));
  const past = readSpend(projection, { since: periodKey('day', now - anomalyHistoryDays * dayMs), until: today });
  return {
    ...boundsOf(options),
    by: options.by,
    lines: costLines(figures, options.by),
    total: costTotal(figures),
    neverShown: neverShownCost(projection.view, {
      account: options.account,
      billed: costTotal(readSpend(projection, { since: null, until: null })).money.billed,
    }),
    caps: capProgress(projection.view, now),
    parked: await parkedBatches(log, projection.view, { now }),
    anomalies: findAnomalies(past, { today }),
    isSimulated: simulatedFolder !== null,
    unknown: projection.view.unknown?.what ?? null,
  };
}

function sourceOf({ view }: Projection, { config }: LoadedConfig, { simulatedFolder }: OpenState): FocusSource {
  const { account } = config.providers.anthropic;
  return { account, owner: view.accounts.get(account)?.owner ?? null, isSimulated: simulatedFolder !== null };
}
