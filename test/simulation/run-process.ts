import { plantFault } from './plant-fault.ts';
import { plantedFaults } from './planted-faults.ts';
import type { RunSpec } from './summary.ts';

/**
 * A process that makes runs for another: a spec comes in, its report goes out. With a name as its argument the product is loaded
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

process.on('message', (spec: RunSpec) => void makeRun(spec).then(report => process.send?.(report)));
process.send?.('ready');
