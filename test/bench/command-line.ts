import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { formatCount } from './format-table.ts';
import { median } from './median.ts';
import { spawnMeasured } from './spawn-leg.ts';
import { writeDocuments } from './write-documents.ts';

/** What a person waits for before any work begins. */
export interface CommandLineReport {
  helpMsMedian: number;
  helpMsHighest: number;
  validateDocuments: number;
  validateMs: number;
  validateRssMb: number;
}

/** Times `ENTRY --help` as a person would start it, and measures `ENTRY validate FILE`. */
export async function measureCommandLine(options: {
  entry: string;
  helpRuns: number;
  validateDocuments: number;
  directory: string;
}): Promise<CommandLineReport> {
  const { entry, directory, validateDocuments } = options;
  const helpMs: number[] = [];
  for (let run = 0; run < options.helpRuns; run += 1) helpMs.push(await timeHelp(entry));
  const documentsFile = join(directory, 'documents.jsonl');
  await writeDocuments(documentsFile, validateDocuments);
  const { wallMs, usage } = await spawnMeasured({ args: [entry, 'validate', documentsFile], directory }).ended();
  return {
    helpMsMedian: median(helpMs),
    helpMsHighest: Math.max(...helpMs),
    validateDocuments,
    validateMs: wallMs,
    validateRssMb: usage.rssMb,
  };
}

/** One line per figure. */
export function formatCommandLine(report: CommandLineReport): string {
  return [
    `--help: ${formatCount(report.helpMsMedian)} ms, highest ${formatCount(report.helpMsHighest)} ms (target < 250)`,
    `validate of ${formatCount(report.validateDocuments)} lines: ${formatCount(report.validateMs)} ms (target < 5,000), ${formatCount(report.validateRssMb)} MB (target < 200)`,
  ].join('\n');
}

async function timeHelp(entry: string): Promise<number> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [entry, '--help'], { stdio: 'ignore' });
  const code = await new Promise(resolve => child.on('exit', resolve));
  if (code !== 0) throw new Error(`${entry} --help exited with ${code}`);
  return performance.now() - startedMs;
}
