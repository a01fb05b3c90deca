import { unitsPerDollar } from '#core/money.ts';
import type { Command } from '../command-context.ts';
import { countedSample, sampleByDefault } from '../estimate/counted-sample.ts';
import { type EstimateReport, estimateJson, estimateReport } from '../estimate/estimate-report.ts';
import { learnedSoFar } from '../estimate/learned-so-far.ts';
import { renderEstimate } from '../estimate/render-estimate.ts';
import { exitCodes } from '../exit-codes.ts';
import { estimateFile } from '../input/estimate-file.ts';
import { checkTask, loadSettings } from '../load-settings.ts';

export interface EstimateOptions {
  file: string;
  task?: string;
  /** Requests whose tokens the provider is asked to count. */
  exact?: number;
}

/** `flotilla estimate`: what a file will cost, before anything is bought. */
export function estimate({ file, task: taskName, exact }: EstimateOptions): Command {
  return async context => {
    const settings = await loadSettings(context);
    const task = checkTask(taskName, settings);
    const sampleMax = exact ?? sampleByDefault(settings);
    const sum = await estimateFile({ input: file, task, loaded: settings, sampleMax });
    const calibration = await learnedSoFar(settings, context.isJson ? () => {} : context.say);
    const sample = await countedSample(sum, settings, calibration);
    const report = estimateReport(sum, { calibration, sample, isSimulated: settings.account === null });
    if (context.isJson) {
      await context.out(`${JSON.stringify({ file, ...estimateJson(report) })}\n`);
    } else {
      await context.out(renderEstimate(file === '-' ? 'stdin' : file, report, context.outLook));
      if (file !== '-') context.say(`Next: flotilla run ${file}${capFor(report)}\n`);
    }
    return exitCodes.done;
  };
}

/** A cap that this estimate never reaches. None where a price is unknown: a capped run would refuse it. */
function capFor({ sum: { cost }, unpriced }: EstimateReport): string {
  if (unpriced.documents > 0 || !cost) return '';
  return ` --max-cost ${Math.max(0.01, Math.ceil((cost.high / unitsPerDollar) * 100) / 100)}`;
}
