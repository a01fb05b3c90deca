import type { SingleFault } from './fate.ts';
import type { LedgerFigures } from './ledger-of.ts';
import type { Setting, SettingName } from './settings.ts';

/** One run to be made. */
export interface RunSpec {
  seed: number;
  setting: SettingName;
  changes?: Partial<Setting> | undefined;
  single?: SingleFault | undefined;
}

/** What is kept of a run. */
export interface RunReport {
  spec: RunSpec;
  violations: string[];
  fired: Record<string, number>;
  hash: string;
  creates: number;
  passes: number;
  ledger: LedgerFigures;
  labels: [string, number][];
}

/** Many runs together. */
export interface Summary {
  runs: number;
  violating: RunReport[];
  /** How many runs each violation was seen in. */
  violations: Map<string, number>;
  fired: Map<string, number>;
  labels: Map<string, number>;
  creates: number;
  passes: number;
  hash: number;
}

export const createSummary = (): Summary => ({
  runs: 0,
  violating: [],
  violations: new Map(),
  fired: new Map(),
  labels: new Map(),
  creates: 0,
  passes: 0,
  hash: 0,
});

/** The order of runs does not matter: they are made side by side. */
export function addReport(summary: Summary, report: RunReport): void {
  summary.runs += 1;
  summary.creates += report.creates;
  summary.passes += report.passes;
  summary.hash = (summary.hash ^ Math.imul(Number.parseInt(report.hash, 16) | 1, report.spec.seed * 2 + 1)) >>> 0;
  if (report.violations.length > 0) summary.violating.push(report);
  for (const violation of report.violations) add(summary.violations, violation, 1);
  for (const [name, count] of Object.entries(report.fired)) add(summary.fired, name, count);
  for (const [label, count] of report.labels) add(summary.labels, label, count);
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

export const traceHash = ({ hash }: Summary): string => hash.toString(16).padStart(8, '0');

/** `a 12 · b 3`, the most frequent first. */
export const formatCounts = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([name, count]) => `${name} ${count}`)
    .join(' · ');
