import type { SimulationArguments } from './parse-arguments.ts';
import { type PlantedFault, plantedFaults } from './planted-faults.ts';
import { runPool } from './run-pool.ts';
import { internalError } from './simulated-telemetry.ts';
import { formatViolating, specsOf } from './specs-of.ts';
import { addReport, createSummary, formatCounts, type RunReport, type Summary } from './summary.ts';

/** A planted fault counts as caught with so many runs; more would only cost time. */
const caughtEnough = 5;
/** Seeds of each biased world that are made without the fault. */
const controlSeeds = 30;

/** Plants every fault in turn: each has to be noticed by an invariant. */
export async function reportPlanted(args: SimulationArguments): Promise<boolean> {
  const chosen = Object.entries(plantedFaults).filter(([name]) => args.planted === null || name === args.planted);
  if (chosen.length === 0)
    console.log(`no planted fault ${args.planted}; known: ${Object.keys(plantedFaults).join(' ')}`);
  const table: Record<string, { caught: number; seeds: number }> = {};
  for (const [name, fault] of chosen) table[name] = await tryFault(name, fault, args);
  const missed = Object.entries(table).filter(([, { caught }]) => caught === 0);
  console.log(`${chosen.length} planted faults, ${missed.length} not caught`);
  const isControlClean = args.planted !== null || (await tryControl(args));
  if (args.isJson) console.log(JSON.stringify({ planted: table, missed: missed.map(([name]) => name) }));
  return chosen.length > 0 && missed.length === 0 && isControlClean;
}

/** The same biased worlds without a fault: what is noticed there would not have been the fault's doing. */
async function tryControl({ from, jobs }: SimulationArguments): Promise<boolean> {
  const summary = createSummary();
  const specs = Object.values(plantedFaults)
    .filter(({ edits, changes }) => edits.length > 0 && changes !== undefined)
    .flatMap(({ setting = 'base', changes }) => specsOf({ from, seeds: controlSeeds, setting }, changes));
  await runPool({ specs, jobs, onReport: report => addReport(summary, report) });
  console.log(`the same worlds without a fault: ${summary.runs} runs, ${summary.violating.length} with violations`);
  for (const report of summary.violating) console.log(formatViolating(report));
  return summary.violating.length === 0;
}

async function tryFault(name: string, fault: PlantedFault, args: SimulationArguments) {
  const summary = createSummary();
  const specs = specsOf({ ...args, setting: args.setting ?? fault.setting ?? 'base' }, fault.changes);
  await runPool({
    specs,
    jobs: args.jobs,
    planted: name,
    onReport: report => addReport(summary, report),
    isEnough: () => caughtIn(summary) >= caughtEnough,
  });
  const caught = caughtIn(summary);
  const verdict = `${caught === 0 ? 'NOT CAUGHT ' : ''}${formatCounts(summary.violations)}`;
  console.log(`${name.padEnd(20)} ${`${caught}/${summary.runs}`.padEnd(8)} ${fault.what}: ${verdict}`);
  return { caught, seeds: summary.runs };
}

/** Runs in which an invariant noticed it: that broken code throws says nothing of the invariants. */
const caughtIn = ({ violating }: Summary): number => violating.filter(isCaught).length;

const isCaught = ({ violations }: RunReport): boolean => violations.some(each => !each.startsWith(internalError));
