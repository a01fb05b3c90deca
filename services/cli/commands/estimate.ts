import { parseDocument } from '#contracts/parse-document.ts';
import { nanodollarsPerDollar } from '#core/money.ts';
import { asIsRecipe } from '#core/recipe.ts';
import type { Command } from '../command-context.ts';
import { estimateJson, FileEstimate } from '../estimate/file-estimate.ts';
import { renderEstimate } from '../estimate/render-estimate.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input/read-input.ts';
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
    const sum = new FileEstimate(Date.now());
    for await (const record of readInput({ path: file, task })) {
      const parsed = parseDocument(record, { tasks: settings.tasks, hasAnthropic: true });
      if (parsed.is === 'reject') sum.reject();
      else sum.add(parsed.document, settings.tasks.get(parsed.document.task ?? '')?.recipe ?? asIsRecipe);
    }
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
function capFor({ cost, unpriced }: FileEstimate): string {
  if (unpriced.documents > 0) return '';
  return ` --max-cost ${Math.max(0.01, Math.ceil((cost.high / nanodollarsPerDollar) * 100) / 100)}`;
}
