import { accountNameDefault } from '#contracts/config-defaults.ts';
import { timingFor } from '#core/timing.ts';
import { reconcile as compare, type Reconciled, reportedWithinDefaultMs } from '#runtime/reconcile.ts';
import type { Command } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { openState } from '../open-state.ts';
import { openUsageReport } from '../open-usage-report.ts';
import { reconciledJson, renderReconciled } from '../reconcile/render-reconciled.ts';

/** `flotilla reconcile`: makes the books the bill, by what the provider reports beyond what it showed. */
export const reconcile = (): Command => async context => {
  const settings = await loadSettings(context);
  const state = await openState(settings);
  try {
    const { anthropic } = settings.config.providers;
    const scale = state.simulatedFolder === null ? anthropic.timeScale : settings.config.simulator.timeScale;
    const reportedWithinMs = reportedWithinDefaultMs / scale;
    const reconciled = await compare({
      log: state.log,
      clock: { now: Date.now },
      report: await openUsageReport(settings, state.simulatedFolder),
      account: settings.account?.name ?? accountNameDefault,
      apiKeyIds: state.simulatedFolder === null ? anthropic.apiKeyIds : [],
      skewMs: timingFor(scale).skewMs,
      reportedWithinMs,
    });
    if (context.isJson) await context.out(`${JSON.stringify(reconciledJson(reconciled))}\n`);
    else await context.out(renderReconciled(reconciled, { reportedWithinMs }));
    return exitCodeFor[reconciled.is];
  } finally {
    await state.close();
  }
};

/** Later the same command may find what it did not find now; what the report lacks is for somebody to look at. */
const exitCodeFor: Readonly<Record<Reconciled['is'], number>> = {
  adjusted: exitCodes.done,
  known: exitCodes.done,
  'nothing-bought': exitCodes.done,
  'not-quiet': exitCodes.stoppedWaiting,
  short: exitCodes.guard,
  unpriced: exitCodes.guard,
};
