import { plantFault } from './plant-fault.ts';
import { plantedFaults } from './planted-faults.ts';
import type { RunReport, RunSpec } from './summary.ts';

/**
 * A process that makes runs for another: specs come in, reports go out. With a name as its argument the product is loaded
 * with that planted fault in it; so nothing of the product may be imported before.
 */
const [name] = process.argv.slice(2);
if (name) {
  const fault = plantedFaults[name];
  if (!fault) throw new Error(`no planted fault ${name}`);
  plantFault(fault);
}
Error.stackTraceLimit = 0; // faults are expected here by the thousand, and nobody reads where they were made
const { makeRun } = await import('./make-run.ts');

process.on('message', (specs: RunSpec[]) => void makeAll(specs));
process.send?.('ready');

async function makeAll(specs: readonly RunSpec[]): Promise<void> {
  const reports: RunReport[] = [];
  for (const spec of specs) reports.push(await makeRun(spec));
  process.send?.(reports);
}
