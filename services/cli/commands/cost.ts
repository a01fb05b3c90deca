import { capProgress } from '#core/cost-caps.ts';
import { type CostKey, costLines, costTotal } from '#core/cost-report.ts';
import { readSpend } from '#projection/read-spend.ts';
import type { Command } from '../command-context.ts';
import { openProjection, projectionPath } from '../cost/open-projection.ts';
import { type CostReport, costJson, renderCost } from '../cost/render-cost.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { openState } from '../open-state.ts';

export interface CostOptions {
  by: readonly CostKey[];
  /** First and last day, such as `2026-11-24`. */
  since?: string;
  until?: string;
}

/** `flotilla cost`: what was bought, for whom, and what it would have cost otherwise. */
export const cost =
  ({ by, since, until }: CostOptions): Command =>
  async context => {
    const settings = await loadSettings(context);
    const state = await openState(settings);
    try {
      const path = projectionPath(settings, state.place);
      const projection = await openProjection({ path, log: state.log, say: context.isJson ? () => {} : context.say });
      try {
        const days = { since: since ?? null, until: until ?? null };
        const figures = readSpend(projection, days);
        const caps = capProgress(projection.view, Date.now());
        const report: CostReport = { ...days, by, lines: costLines(figures, by), total: costTotal(figures), caps };
        if (context.isJson) await context.out(`${JSON.stringify(costJson(report))}\n`);
        else await context.out(renderCost(report, context.outLook));
        return exitCodes.done;
      } finally {
        projection.close();
      }
    } finally {
      await state.close();
    }
  };
