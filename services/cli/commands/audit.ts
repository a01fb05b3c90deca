import { resolve } from 'node:path';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log } from '#ports/log.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { type Bill, findSimulatorBill, openSimulatedBill, readBillFile } from '../audit/bill.ts';
import { auditLog } from '../audit/read-log.ts';
import { auditJson, renderAudit } from '../audit/render-audit.ts';
import type { Command } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { type OpenState, openState } from '../open-state.ts';

export interface AuditOptions {
  /** Base URL of a simulator, or a file of its invoice. */
  invoice?: string;
}

/** `flotilla audit`: what the log and the invoice say about every document. 0 only when clean. */
export const audit =
  ({ invoice }: AuditOptions): Command =>
  async context => {
    const settings = await loadSettings(context);
    const state = await openState(settings);
    try {
      const bill = await billOf(state, { settings, invoice, directory: context.directory });
      const basis = bill === null ? 'suspected' : 'invoice';
      const report = await auditLog({ log: state.log, bill });
      if (context.isJson) await context.out(`${JSON.stringify(auditJson(report, basis))}\n`);
      else await context.out(renderAudit(report, basis, context.outLook));
      return report.verdict === 'clean' ? exitCodes.done : exitCodes.someFailed;
    } finally {
      await state.close();
    }
  };

async function billOf(
  { simulatedFolder, log }: OpenState,
  { settings, invoice, directory }: { settings: LoadedConfig; invoice: string | undefined; directory: string },
): Promise<Bill | null> {
  const isFile = invoice !== undefined && !/^https?:/.test(invoice);
  if (invoice === undefined && simulatedFolder !== null) return openSimulatedBill(simulatedFolder);
  if (isFile) return readBillFile(resolve(directory, invoice), await fleetOf(log));
  const baseUrl = invoice ?? settings.account?.baseUrl ?? null;
  if (baseUrl === null || /(?:^|\.)anthropic\.com$/.test(new URL(baseUrl).hostname)) return null;
  const fleet = await fleetOf(log);
  const bill = fleet === null ? null : await findSimulatorBill(baseUrl, fleet);
  if (bill || invoice === undefined) return bill;
  throw new FlotillaError('input-unreadable', { where: invoice, why: 'no simulator gives its invoice there' });
}

async function fleetOf(log: Log): Promise<string | null> {
  const follower = new ViewFollower(log);
  await follower.catchUp();
  return follower.view.fleet?.id ?? null;
}
