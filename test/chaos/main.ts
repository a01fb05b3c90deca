import { isClean } from '#test/support/audit-run.ts';
import { readScriptArguments } from '#test/support/script-arguments.ts';
import { runFleetCommand } from './fleet-command.ts';
import { killRun } from './kill-run.ts';
import { type ChaosArguments, parseArguments, usage } from './parse-arguments.ts';

/** @returns the exit code: 0 only without any violation */
async function run(args: ChaosArguments): Promise<0 | 1> {
  if (args.is === 'fleet') return runFleetCommand(args.command, args.options);
  const { kills, documents, seed, isJson } = args;
  const onProgress = (text: string): void => void process.stderr.write(`${text}\n`);
  const report = await killRun({ kills, documents, seed, onProgress });
  const { byLabel, examples, ...figures } = report;
  if (isJson) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    console.table(figures);
    console.table(byLabel);
    for (const example of examples) console.log(example);
  }
  return isClean(report) ? 0 : 1;
}

const args = readScriptArguments(process.argv.slice(2), { script: 'npm run chaos', usage, parse: parseArguments });
if (args) process.exitCode = await run(args);
