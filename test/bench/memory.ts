import { join } from 'node:path';
import { formatCount, formatTable } from './format-table.ts';
import type { Leg } from './leg.ts';
import { runLeg } from './run-leg.ts';
import { type ProcessSample, sampleProcess } from './sample-process.ts';
import { writeDocuments } from './write-documents.ts';

/** One run as its samples tell it. `span` is what "a hundred thousand documents" is at this size. */
interface MemoryRun {
  documents: number;
  peakRssMb: number;
  cpuUsPerDocumentSecondSpan: number;
  cpuUsPerDocumentLastSpan: number;
  samples: number;
}

/** What growing the file does to memory, and what the length of a run does to its pace. */
export interface MemoryReport {
  leg: string;
  spanDocuments: number;
  small: MemoryRun;
  large: MemoryRun;
  rssRatio: number;
  cpuRatio: number;
}

/** Runs a leg over a small and a large file and samples it from outside. */
export async function measureMemory(options: {
  leg: Leg;
  smallDocuments: number;
  largeDocuments: number;
  directory: string;
}): Promise<MemoryReport> {
  const { leg, smallDocuments: spanDocuments } = options;
  const run = (documents: number) => runSampled({ leg, documents, spanDocuments, directory: options.directory });
  const small = await run(options.smallDocuments);
  const large = await run(options.largeDocuments);
  return {
    leg: leg.name,
    spanDocuments,
    small,
    large,
    rssRatio: large.peakRssMb / small.peakRssMb,
    cpuRatio: large.cpuUsPerDocumentLastSpan / large.cpuUsPerDocumentSecondSpan,
  };
}

/** The two runs and the ratios that are asked for. */
export function formatMemory({ leg, spanDocuments, small, large, rssRatio, cpuRatio }: MemoryReport): string {
  const rows = [small, large].map(run => [
    formatCount(run.documents),
    formatCount(run.peakRssMb),
    Number.isFinite(run.cpuUsPerDocumentSecondSpan) ? run.cpuUsPerDocumentSecondSpan.toFixed(1) : '–',
    run.cpuUsPerDocumentLastSpan.toFixed(1),
    formatCount(run.samples),
  ]);
  const span = formatCount(spanDocuments);
  const headings = ['documents', 'peak RSS MB', `CPU µs/document, second ${span}`, `last ${span}`, 'samples'];
  return [
    `memory of ${leg}`,
    formatTable(headings, rows),
    '',
    `peak RSS, large / small: ${rssRatio.toFixed(2)} (target ≤ 1.2), peak ${formatCount(large.peakRssMb)} MB (target ≤ 400)`,
    `CPU per document, last ${span} / second ${span}: ${cpuRatio.toFixed(2)} (target ≤ 1.1)`,
  ].join('\n');
}

async function runSampled(options: {
  leg: Leg;
  documents: number;
  spanDocuments: number;
  directory: string;
}): Promise<MemoryRun> {
  const { documents, spanDocuments } = options;
  const documentsFile = join(options.directory, `documents-${documents}.jsonl`);
  await writeDocuments(documentsFile, documents);
  let sampler = { stop: (): ProcessSample[] => [] };
  const { rssMb } = await runLeg({
    ...options,
    documentsFile,
    watch: ({ files, process }) => {
      sampler = sampleProcess(process.pid, files.answersFile);
    },
  });
  const samples = sampler.stop();
  const cpuUsBetween = (from: number, to: number) =>
    ((cpuMsAt(samples, to / documents) - cpuMsAt(samples, from / documents)) * 1_000) / (to - from);
  return {
    documents,
    peakRssMb: Math.max(rssMb, ...samples.map(sample => sample.peakRssMb)),
    cpuUsPerDocumentSecondSpan: documents < 2 * spanDocuments ? NaN : cpuUsBetween(spanDocuments, 2 * spanDocuments),
    cpuUsPerDocumentLastSpan: cpuUsBetween(documents - spanDocuments, documents),
    samples: samples.length,
  };
}

/**
 * CPU spent when a share of the answers was written, between the two samples around it. Answer lines are as good as
 * equally long, so bytes stand for documents and the file need not be read while it is measured.
 */
function cpuMsAt(samples: readonly ProcessSample[], share: number): number {
  const bytes = share * (samples.at(-1)?.answersBytes ?? 0);
  const after = samples.findIndex(sample => sample.answersBytes >= bytes);
  if (after <= 0) return samples[0]?.cpuMs ?? 0;
  const [low, high] = [samples[after - 1]!, samples[after]!];
  const part = (bytes - low.answersBytes) / (high.answersBytes - low.answersBytes);
  return low.cpuMs + part * (high.cpuMs - low.cpuMs);
}
