import { type DocumentContext, parseDocument } from '#contracts/parse-document.ts';
import { type Calibration, coldCalibration } from '#core/estimate/calibration.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { laneSourceOf } from '../cache/lane-source.ts';
import type { Command, CommandContext } from '../command-context.ts';
import { estimateReport } from '../estimate/estimate-report.ts';
import { FileEstimate } from '../estimate/file-estimate.ts';
import { learnedSoFar } from '../estimate/learned-so-far.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input/read-input.ts';
import { checkTask, loadSettings } from '../load-settings.ts';
import { FileReport, fileReportJson } from '../validate/file-report.ts';
import { renderReport } from '../validate/render-report.ts';

export interface ValidateOptions {
  files: readonly string[];
  task?: string;
  all?: boolean;
}

/** `flotilla validate`: the judgement that a run would pass on each line, without a network call. 2 when there are problems. */
export function validate({ files, task: taskName, all = false }: ValidateOptions): Command {
  return async context => {
    const settings = await loadSettings(context);
    const task = checkTask(taskName, settings);
    const documents: DocumentContext = { tasks: settings.tasks, hasAnthropic: true };
    const modelOf = (name: string): string | null => settings.tasks.get(name)?.recipe.model ?? null;
    const calibration = await learnedHere(settings, context);
    const reports: FileReport[] = [];
    for (const path of files) {
      const report = new FileReport(path === '-' ? 'stdin' : path, { hasAllProblems: all });
      const price = new FileEstimate(Date.now());
      for await (const record of readInput({ path, task })) {
        const parsed = parseDocument(record, documents);
        report.add(record, parsed, modelOf);
        if (parsed.is === 'reject') continue;
        price.add(parsed.document, laneSourceOf(parsed.document, settings));
      }
      report.price = estimateReport(price, { calibration, isSimulated: settings.account === null });
      reports.push(report);
      if (!context.isJson) await context.out(renderReport(report, context.outLook));
    }
    return conclude(reports, files, context);
  };
}

/** The log of a fleet is behind a network. */
const learnedHere = async (settings: LoadedConfig, { say, isJson }: CommandContext): Promise<Calibration> =>
  settings.fleet ? coldCalibration : learnedSoFar(settings, isJson ? () => {} : say);

async function conclude(
  reports: readonly FileReport[],
  files: readonly string[],
  context: CommandContext,
): Promise<number> {
  const problemCount = reports.reduce((sum, report) => sum + report.problemCount, 0);
  const isValid = problemCount === 0;
  if (context.isJson) {
    const summary = { valid: isValid, problemCount, files: reports.map(fileReportJson) };
    await context.out(`${JSON.stringify(summary)}\n`);
  } else if (isValid) {
    const file = files[0] ?? 'FILE';
    context.say(`Next: flotilla estimate ${file}   or   flotilla run ${file}\n`);
  } else {
    context.say('A run rejects these lines one by one and answers all others.\n');
  }
  return isValid ? exitCodes.done : exitCodes.usage;
}
