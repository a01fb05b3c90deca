import { nanodollarsPerDollar } from '#core/money.ts';
import type { Command } from '../command-context.ts';
import { estimateJson, type FileEstimate } from '../estimate/file-estimate.ts';
import { renderEstimate } from '../estimate/render-estimate.ts';
import { exitCodes } from '../exit-codes.ts';
import { estimateFile } from '../input/estimate-file.ts';
import { checkTask, loadSettings } from '../load-settings.ts';

export interface EstimateOptions {
  file: string;
  task?: string;
}

/** `flotilla estimate`: what a file will cost, before anything is bought. */
export function estimate({ file, task: taskName }: EstimateOptions): Command {
  return async context => {
    const settings = await loadSettings(context);
    const task = checkTask(taskName, settings);
    const sum = await estimateFile({ input: file, task, loaded: settings });
    if (context.isJson) {
      await context.out(`${JSON.stringify({ file, ...estimateJson(sum) })}\n`);
    } else {
      await context.out(renderEstimate(file === '-' ? 'stdin' : file, sum, context.outLook));
      if (file !== '-') context.say(`Next: flotilla run ${file}${capFor(sum)}\n`);
    }
    return exitCodes.done;
  };
}

/** A cap that this estimate never reaches. None where a price is unknown: a capped run would refuse it. */
function capFor({ batch, unpriced }: FileEstimate): string {
  if (unpriced.documents > 0) return '';
  return ` --max-cost ${Math.max(0.01, Math.ceil((batch.high / nanodollarsPerDollar) * 100) / 100)}`;
}
