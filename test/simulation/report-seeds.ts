import type { SimulationArguments } from './parse-arguments.ts';
import { runPool } from './run-pool.ts';
import { formatViolating, specsOf } from './specs-of.ts';
import { addReport, createSummary, formatCounts, type Summary, traceHash } from './summary.ts';

const shownMax = 10;
const progressEveryRuns = 500;

/** Many seeds: what was violated, what has happened, and one line for machines. */
export async function reportSeeds(args: SimulationArguments): Promise<boolean> {
  const summary = createSummary();
  const startedAt = performance.now();
  const seconds = (): number => (performance.now() - startedAt) / 1_000;
  const onReport = (report: Parameters<typeof addReport>[1]): void => {
    addReport(summary, report);
    if (report.violations.length > 0 && summary.violating.length <= shownMax) console.log(formatViolating(report));
    if (summary.runs % progressEveryRuns !== 0) return;
    const rate = Math.round(summary.runs / seconds());
    console.log(`${summary.runs} seeds, ${summary.violating.length} with violations, ${rate} seeds/s`);
  };
  await runPool({ specs: specsOf(args), jobs: args.jobs, onReport });
  const rate = (summary.runs / seconds()).toFixed(1);
  console.log(`${summary.runs} seeds in ${seconds().toFixed(0)} s (${rate} seeds/s, ${args.jobs} processes)`);
  console.log(`${summary.passes} crash points passed, ${summary.labels.size} labels, ${summary.creates} creates`);
  console.log(`faults and events: ${formatCounts(summary.fired)}`);
  if (summary.violations.size > 0) console.log(`violations: ${formatCounts(summary.violations)}`);
  if (args.isJson) console.log(jsonLine(summary));
  return summary.violating.length === 0;
}

export function jsonLine(summary: Summary): string {
  const faults = Object.fromEntries([...summary.fired].sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({
    seeds: summary.runs,
    violations: summary.violating.length,
    faults,
    traceHash: traceHash(summary),
  });
}
