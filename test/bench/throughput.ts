import { join } from 'node:path';
import { formatCount, formatTable } from './format-table.ts';
import type { Leg } from './leg.ts';
import { median } from './median.ts';
import { type LegRun, runLeg } from './run-leg.ts';
import { writeDocuments } from './write-documents.ts';

/** How one contender did against another: medians of the ratios of runs that followed each other. */
export interface Ratio {
  name: string;
  documentsPerSecond: number;
  documentsPerSecondRange: [number, number];
  cpuPerDocument: number;
  rss: number;
}

/** The runs of every leg, in rounds, and what they say of each other. */
export interface ThroughputReport {
  documents: number;
  rounds: number;
  runs: Record<string, LegRun[]>;
  ratios: Ratio[];
}

/** Runs the legs in turn, round after round, so that a busy minute falls on all of them. */
export async function measureThroughput(options: {
  legs: readonly Leg[];
  documents: number;
  rounds: number;
  directory: string;
  onRun: (line: string) => void;
}): Promise<ThroughputReport> {
  const { legs, documents, rounds, directory } = options;
  const documentsFile = join(directory, 'documents.jsonl');
  await writeDocuments(documentsFile, documents);
  const runs: Record<string, LegRun[]> = Object.fromEntries(legs.map(leg => [leg.name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const leg of legs) {
      const run = await runLeg({ leg, documentsFile, documents, directory });
      runs[leg.name]!.push(run);
      options.onRun(
        `round ${round}  ${leg.name}  ${formatCount(documentsPerSecond(run))} documents/s  ${formatCount(cpuUsPerDocument(run))} µs CPU/document`,
      );
    }
  }
  return { documents, rounds, runs, ratios: pairs(legs).map(([leg, anchor]) => ratioOf({ leg, anchor, runs })) };
}

/** The table and, as what counts, the ratios. */
export function formatThroughput({ documents, rounds, runs, ratios }: ThroughputReport): string {
  const rows = Object.entries(runs).map(([name, legRuns]) => [
    name,
    formatCount(median(legRuns.map(documentsPerSecond))),
    formatCount(median(legRuns.map(cpuUsPerDocument))),
    formatCount(median(legRuns.map(run => run.rssMb))),
    formatCount(median(legRuns.map(run => (run.responderCpuMs * 1_000) / run.documents))),
  ]);
  const headings = ['leg', 'documents/s', 'CPU µs/document', 'RSS MB', 'responder CPU µs/document (not counted)'];
  const ratioRows = ratios.map(ratio => [
    ratio.name,
    ratio.documentsPerSecond.toFixed(2),
    ratio.documentsPerSecondRange.map(bound => bound.toFixed(2)).join('–'),
    ratio.cpuPerDocument.toFixed(2),
    ratio.rss.toFixed(2),
  ]);
  return [
    `${formatCount(documents)} documents of 500 bytes, medians of ${rounds} interleaved rounds`,
    formatTable(headings, rows),
    '',
    'Ratios (medians of paired runs; these count, the times above are this machine now)',
    formatTable(['pair', 'documents/s', 'lowest–highest', 'CPU/document', 'RSS'], ratioRows),
    ...verdictLines(ratios),
  ].join('\n');
}

/** Issue 3: at least as fast as the loop on npm `ai`, for at most 1.3 × its CPU. */
function verdictLines(ratios: readonly Ratio[]): string[] {
  const ratio = ratios.find(each => each.name === 'flotilla / ai-sdk');
  if (ratio === undefined) return [];
  const verdict = (isMet: boolean) => (isMet ? 'met' : 'NOT met');
  return [
    '',
    `documents/s ≥ 1.0 × ai-sdk: ${verdict(ratio.documentsPerSecond >= 1)}`,
    `CPU/document ≤ 1.3 × ai-sdk: ${verdict(ratio.cpuPerDocument <= 1.3)}`,
  ];
}

function ratioOf({ leg, anchor, runs }: { leg: Leg; anchor: Leg; runs: Record<string, LegRun[]> }): Ratio {
  const anchorRuns = runs[anchor.name]!;
  const compare = (figure: (run: LegRun) => number) =>
    runs[leg.name]!.map((run, round) => figure(run) / figure(anchorRuns[round]!));
  const speeds = compare(documentsPerSecond);
  return {
    name: `${leg.name} / ${anchor.name}`,
    documentsPerSecond: median(speeds),
    documentsPerSecondRange: [Math.min(...speeds), Math.max(...speeds)],
    cpuPerDocument: median(compare(cpuUsPerDocument)),
    rss: median(compare(run => run.rssMb)),
  };
}

function pairs(legs: readonly Leg[]): [Leg, Leg][] {
  return legs.flatMap((leg, at) => legs.slice(at + 1).map((anchor): [Leg, Leg] => [leg, anchor]));
}

function documentsPerSecond(run: LegRun): number {
  return (run.documents * 1_000) / run.wallMs;
}

function cpuUsPerDocument(run: LegRun): number {
  return (run.cpuMs * 1_000) / run.documents;
}
