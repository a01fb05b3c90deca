import { crashRows, rowOf } from './crash-rows.ts';
import { placeOf } from './fate.ts';
import { makeRun } from './make-run.ts';
import type { SimulationArguments } from './parse-arguments.ts';
import { runPool } from './run-pool.ts';
import type { Setting } from './settings.ts';
import { addReport, createSummary, type RunReport, type RunSpec } from './summary.ts';

export const visitsMax = 12;
const idleVisitsMax = 3;
const labelsMin = 50;

/** What a sweep's base run looks like: nothing befalls it but what the sweep chooses. */
export const sweepChanges: Partial<Setting> = { hasFaults: false, plan: 'sweep', faultsEndAt: 65_000, cache: 'on' };

/** Every crash point of a quiet run, killed and frozen at each of its first visits. */
export async function sweepSpecs(base: RunSpec, most = visitsMax): Promise<RunSpec[]> {
  const { labels } = await makeRun(base);
  return labels.flatMap(([label, visits]) => {
    const count = Math.min(visits, placeOf(label) === 'idle' ? Math.min(idleVisitsMax, most) : most);
    const each = Array.from({ length: count }, (_, index) => index + 1);
    return each.flatMap(visit =>
      (['kill', 'freeze'] as const).map(kind => ({ ...base, single: { label, visit, kind } })),
    );
  });
}

/** One kill and one freeze at every crash point: no violation, and every row of protocol §8 met. */
export async function reportSweep(args: SimulationArguments): Promise<boolean> {
  const bases: RunSpec[] = Array.from({ length: args.seeds }, (_, index) => {
    return { seed: args.from + index, setting: index % 2 === 0 ? 'base' : 'labels', changes: sweepChanges };
  });
  const specs = (await Promise.all(bases.map(base => sweepSpecs(base)))).flat();
  const summary = createSummary();
  const labels = new Set(specs.map(({ single }) => single?.label ?? ''));
  await runPool({ specs, jobs: args.jobs, onReport: report => addReport(summary, report) });
  for (const report of summary.violating.slice(0, 20)) console.log(formatSingle(report));
  console.log(`${summary.runs} runs, ${labels.size} crash points, ${summary.violating.length} with violations`);
  const missing = printRows(labels);
  if (args.isJson) {
    const violations = summary.violating.length;
    console.log(JSON.stringify({ runs: summary.runs, labels: labels.size, violations, missing }));
  }
  return summary.violating.length === 0 && labels.size >= labelsMin && missing.length === 0;
}

function printRows(labels: ReadonlySet<string>): string[] {
  const missing: string[] = [];
  for (const row of crashRows) {
    const hit = rowOf(row, labels);
    if (hit.length === 0 && row.labels.length > 0) missing.push(row.name);
    const how = row.labels.length === 0 ? `(${row.event})` : hit.join(', ') || 'NOT HIT';
    console.log(`${row.name.padEnd(4)} ${row.between}: ${how}`);
  }
  return missing;
}

const formatSingle = ({ spec, violations }: RunReport): string =>
  `seed ${spec.seed} (${spec.setting}) ${spec.single?.kind} at ${spec.single?.label}, visit ${spec.single?.visit}: ${violations.join(' | ')}`;
