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

interface IntakePace {
  perSecond: number;
  /** Of all threads of the process. */
  cpuUsPerDocument: number;
}

export interface FleetIntakeReport {
  documents: number;
  perBatch: number;
  /** By round: sealed by one accumulator, and read and parsed by a bare consumer. */
  sealed: IntakePace[];
  bare: IntakePace[];
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
      const [sealed, bare] = [report.sealed.at(-1) as IntakePace, report.bare.at(-1) as IntakePace];
      const paces = `sealed ${formatCount(sealed.perSecond)}/s, bare ${formatCount(bare.perSecond)}/s`;
      onRun(`${paces}, ${(sealed.perSecond / bare.perSecond).toFixed(2)}`);
    }
  } finally {
    responder.stop();
    await Promise.all([kafka.stop(), redis.stop()]);
  }
  return report;
}

export function formatFleetIntake({ documents, perBatch, sealed, bare }: FleetIntakeReport): string {
  const pairs = sealed.map((each, round) => [each, bare[round] as IntakePace] as const);
  const ratios = pairs.map(([one, other]) => one.perSecond / other.perSecond);
  const byCpu = pairs.map(([one, other]) => other.cpuUsPerDocument / one.cpuUsPerDocument);
  const rows = [
    ['topic to sealed, one accumulator', ...cellsOf(sealed)],
    ['kafkajs consume and JSON.parse', ...cellsOf(bare)],
  ];
  return [
    `${formatCount(documents)} documents of ${documentBytes} bytes, ${perBatch} per batch, ${sealed.length} rounds`,
    formatTable(['what', 'documents/s', 'CPU µs/document'], rows),
    '',
    `intake / bare consumer: ${spread(ratios)} (target ≥ 0.4)`,
    `by the CPU that each takes, which others on the machine move less: ${spread(byCpu)}`,
  ].join('\n');
}

const cellsOf = (paces: readonly IntakePace[]): string[] => [
  formatCount(median(paces.map(({ perSecond }) => perSecond))),
  median(paces.map(({ cpuUsPerDocument }) => cpuUsPerDocument)).toFixed(1),
];

const spread = (ratios: readonly number[]): string =>
  `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;

async function sealAll(stage: FleetStage, options: { documents: number; perBatch: number }): Promise<IntakePace> {
  const { kafka, redis, topicPrefix } = stage;
  const { documents, perBatch } = options;
  return runTimed([sealer, kafka.brokers.join(','), redis.url, topicPrefix, String(documents), String(perBatch)]);
}

const consumeAll = ({ kafka, topicPrefix }: FleetStage, documents: number): Promise<IntakePace> =>
  runTimed([bareConsumer, kafka.brokers.join(','), `${topicPrefix}.documents.v1`, String(documents)]);

/** By the program's own account. */
async function runTimed(args: readonly string[]): Promise<IntakePace> {
  const { stdout } = await run(process.execPath, args);
  const told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<'documents' | 'ms' | 'cpuMs', number>;
  const { documents, ms, cpuMs } = told;
  return { perSecond: (documents * 1_000) / ms, cpuUsPerDocument: (cpuMs * 1_000) / documents };
}
