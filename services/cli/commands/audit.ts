import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { type Bill, findSimulatorBill, openSimulatedBill } from '../audit/bill.ts';
import { auditLog } from '../audit/read-log.ts';
import { auditJson, renderAudit } from '../audit/render-audit.ts';
import type { Command } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { type OpenState, openState } from '../open-state.ts';

/** `flotilla audit`: what the log and the invoice say about every document. 0 only when clean. */
export const audit = (): Command => async context => {
  const settings = await loadSettings(context);
  const state = openState(settings);
  try {
    const bill = await billOf(state, settings);
    const basis = bill === null ? 'suspected' : 'invoice';
    const report = await auditLog({ log: state.log, bill });
    if (context.isJson) await context.out(`${JSON.stringify(auditJson(report, basis))}\n`);
    else await context.out(renderAudit(report, basis, context.outLook));
    return report.verdict === 'clean' ? exitCodes.done : exitCodes.someFailed;
  } finally {
    await state.close();
  }
};

async function billOf({ isSimulated, directory, log }: OpenState, { account }: LoadedConfig): Promise<Bill | null> {
  if (isSimulated) return openSimulatedBill(directory);
  const baseUrl = account?.baseUrl ?? null;
  if (baseUrl === null || /(?:^|\.)anthropic\.com$/.test(new URL(baseUrl).hostname)) return null;
  const follower = new ViewFollower(log);
  await follower.catchUp();
  const fleet = follower.view.fleet?.id ?? null;
  return fleet === null ? null : findSimulatorBill(baseUrl, fleet);
}
