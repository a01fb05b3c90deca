import { readScriptArguments } from '#test/support/script-arguments.ts';
import { parseArguments, type SimulationArguments, usage } from './parse-arguments.ts';
import { reportFigures } from './report-figures.ts';
import { reportLedger } from './report-ledger.ts';
import { reportPlanted } from './report-planted.ts';
import { reportSeeds } from './report-seeds.ts';
import { reportSweep } from './report-sweep.ts';
import { reportTrace } from './report-trace.ts';
import { reportTwice } from './report-twice.ts';

/** @returns true when everything was as it has to be */
function report(args: SimulationArguments): Promise<boolean> {
  switch (args.mode) {
    case 'seeds':
      return reportSeeds(args);
    case 'trace':
      return reportTrace(args);
    case 'sweep':
      return reportSweep(args);
    case 'planted':
      return reportPlanted(args);
    case 'determinism':
      return reportTwice(args);
    case 'ledger':
      return reportLedger(args);
    case 'ambiguous':
    case 'results':
      return reportFigures(args);
  }
}

const args = readScriptArguments(process.argv.slice(2), { script: 'npm run sim', usage, parse: parseArguments });
if (args) process.exitCode = (await report(args)) ? 0 : 1;
