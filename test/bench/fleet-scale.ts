import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { roleNames } from '#contracts/roles.ts';
import { startKafka } from '#test/support/services/start-kafka.ts';
import { startRedis } from '#test/support/services/start-redis.ts';
import { waitForAnswers } from './fleet-answers.ts';
import { publishDocuments } from './fleet-documents.ts';
import { type FleetStage, startFleetStage } from './fleet-stage.ts';
import { formatCount, formatTable } from './format-table.ts';
import { startResponder } from './start-responder.ts';
import { documentBytes } from './write-documents.ts';

export interface FleetScaleReport {
  perBatch: number;
  createMs: number;
  createsAtOnce: number;
  /** By number of workers: batches created a second, from the tenth part of a run to its end without the last tenth. */
  runs: { workers: number; documents: number; createsPerSecond: number }[];
}

/** What a worker could create at most, were it never held up: its creates side by side, one after the other. */
const boundOf = ({ createMs, createsAtOnce }: FleetScaleReport, workers: number): number =>
  (workers * createsAtOnce * 1_000) / createMs;

/** The same work per worker with more and more workers, where the provider's latency is what holds them up. */
export async function measureFleetScale(options: {
  workers: readonly number[];
  batchesPerWorker: number;
  perBatch: number;
  createMs: number;
  createsAtOnce: number;
  directory: string;
  onRun(line: string): void;
}): Promise<FleetScaleReport> {
  const { perBatch, createMs, createsAtOnce, onRun } = options;
  const [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
  const report: FleetScaleReport = { perBatch, createMs, createsAtOnce, runs: [] };
  try {
    for (const workers of options.workers) {
      const documents = workers * options.batchesPerWorker * perBatch;
      const directory = await mkdtemp(join(options.directory, 'scale-'));
      const responder = await startResponder({ createMs, lifeMs: createMs });
      const config = { lane: { items: perBatch }, providers: { anthropic: { createsAtOnce } } };
      const stage = await startFleetStage({ directory, baseUrl: responder.baseUrl, config, servers: { kafka, redis } });
      try {
        await publishDocuments(stage.log, { documents, bytes: documentBytes });
        await runAll(stage, { workers, documents });
        const creates = (await responder.createsSince(0)).map(({ atMs }) => atMs);
        report.runs.push({ workers, documents, createsPerSecond: middleRate(creates) });
      } finally {
        await stage.stop();
        responder.stop();
      }
      onRun(`${workers} workers: ${report.runs.at(-1)?.createsPerSecond.toFixed(2)} creates/s`);
    }
  } finally {
    await Promise.all([kafka.stop(), redis.stop()]);
  }
  return report;
}

export function formatFleetScale(report: FleetScaleReport): string {
  const [first] = report.runs;
  const rows = report.runs.map(run => [
    String(run.workers),
    formatCount(run.documents),
    run.createsPerSecond.toFixed(2),
    boundOf(report, run.workers).toFixed(1),
    (run.createsPerSecond / (first?.createsPerSecond ?? 1)).toFixed(2),
  ]);
  return [
    `batches of ${report.perBatch}, ${report.createsAtOnce} creates at once per worker, ${report.createMs} ms each`,
    formatTable(['workers', 'documents', 'creates/s', 'at most', '× of the first'], rows),
    '',
    'target: 4 workers ≥ 3.2 × of one',
  ].join('\n');
}

async function runAll(
  stage: FleetStage,
  { workers, documents }: { workers: number; documents: number },
): Promise<void> {
  for (let index = 0; index < workers; index += 1) stage.startWorker(roleNames);
  const { repeated } = await waitForAnswers(stage.log, { documents });
  if (repeated > 0) throw new Error(`${repeated} answered twice`);
  await stage.endWorkers();
}

function middleRate(moments: readonly number[]): number {
  const sorted = moments.toSorted((a, b) => a - b);
  const [from, to] = [Math.floor(sorted.length * 0.1), Math.floor(sorted.length * 0.9)];
  return ((to - from) * 1_000) / ((sorted[to] as number) - (sorted[from] as number));
}
