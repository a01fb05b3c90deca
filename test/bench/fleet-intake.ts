import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startKafka } from '#test/support/services/start-kafka.ts';
import { startRedis } from '#test/support/services/start-redis.ts';
import { publishDocuments } from './fleet-documents.ts';
import { type FleetStage, startFleetStage } from './fleet-stage.ts';
import { formatCount, formatTable } from './format-table.ts';
import { median } from './median.ts';
import { documentsPerBatch } from './read-batches.ts';
import { startResponder } from './start-responder.ts';
import { documentBytes } from './write-documents.ts';

const sealer = fileURLToPath(new URL('./seal-all.ts', import.meta.url));
const bareConsumer = fileURLToPath(new URL('./consume-bare.ts', import.meta.url));
const run = promisify(execFile);
/** Sealed and not settled, an accumulator has a thousand at most. */
const batchesMost = 900;

export interface FleetIntakeReport {
  documents: number;
  perBatch: number;
  /** Documents a second, by round: sealed by one accumulator, and read and parsed by a bare consumer. */
  sealed: number[];
  bare: number[];
}

/**
 * How fast one accumulator turns records into sealed batches, beside a bare consumer of the same records. Each is timed
 * from the moment at which it has its partitions.
 */
export async function measureFleetIntake(options: {
  documents: number;
  rounds: number;
  directory: string;
  onRun(line: string): void;
}): Promise<FleetIntakeReport> {
  const { documents, rounds, onRun } = options;
  const perBatch = Math.max(documentsPerBatch, Math.ceil(documents / batchesMost));
  const responder = await startResponder();
  const [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
  const report: FleetIntakeReport = { documents, perBatch, sealed: [], bare: [] };
  try {
    for (let round = 0; round < rounds; round += 1) {
      const directory = await mkdtemp(join(options.directory, 'intake-'));
      const servers = { kafka, redis };
      const stage = await startFleetStage({ directory, baseUrl: responder.baseUrl, servers });
      try {
        await publishDocuments(stage.log, { documents, bytes: documentBytes });
        report.sealed.push(await sealAll(stage, { documents, perBatch }));
        report.bare.push(await consumeAll(stage, documents));
      } finally {
        await stage.stop();
      }
      const [sealed, bare] = [report.sealed.at(-1) as number, report.bare.at(-1) as number];
      onRun(`sealed ${formatCount(sealed)}/s, bare ${formatCount(bare)}/s, ${(sealed / bare).toFixed(2)}`);
    }
  } finally {
    responder.stop();
    await Promise.all([kafka.stop(), redis.stop()]);
  }
  return report;
}

export function formatFleetIntake({ documents, perBatch, sealed, bare }: FleetIntakeReport): string {
  const ratios = sealed.map((each, round) => each / (bare[round] as number));
  const rows = [
    ['topic to sealed, one accumulator', formatCount(median(sealed))],
    ['kafkajs consume and JSON.parse', formatCount(median(bare))],
  ];
  return [
    `${formatCount(documents)} documents of ${documentBytes} bytes, ${perBatch} per batch, ${sealed.length} rounds`,
    formatTable(['what', 'documents/s'], rows),
    '',
    `intake / bare consumer: ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}) (target ≥ 0.4)`,
  ].join('\n');
}

async function sealAll(stage: FleetStage, options: { documents: number; perBatch: number }): Promise<number> {
  const { kafka, redis, topicPrefix } = stage;
  const { documents, perBatch } = options;
  return runTimed([sealer, kafka.brokers.join(','), redis.url, topicPrefix, String(documents), String(perBatch)]);
}

const consumeAll = ({ kafka, topicPrefix }: FleetStage, documents: number): Promise<number> =>
  runTimed([bareConsumer, kafka.brokers.join(','), `${topicPrefix}.documents.v1`, String(documents)]);

/** @returns documents a second, by the program's own account */
async function runTimed(args: readonly string[]): Promise<number> {
  const { stdout } = await run(process.execPath, args);
  const { documents, ms } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { documents: number; ms: number };
  return (documents * 1_000) / ms;
}
