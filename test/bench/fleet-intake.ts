import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeJournal } from '#contracts/journal-codec.ts';
import { readyBatchesMax } from '#core/limits.ts';
import { startKafka } from '#test/support/services/start-kafka.ts';
import { startRedis } from '#test/support/services/start-redis.ts';
import { waitUntil } from '#test/support/wait-until.ts';
import { publishDocuments } from './fleet-documents.ts';
import { type FleetStage, type FleetStageOptions, startFleetStage } from './fleet-stage.ts';
import { formatCount, formatTable } from './format-table.ts';
import { median } from './median.ts';
import { startResponder } from './start-responder.ts';
import { documentBytes } from './write-documents.ts';

const bareConsumer = fileURLToPath(new URL('./consume-bare.ts', import.meta.url));
const run = promisify(execFile);

export interface FleetIntakeReport {
  documents: number;
  perBatch: number;
  /** Documents a second, by round: sealed by one accumulator, and read and parsed by a bare consumer. */
  sealed: number[];
  bare: number[];
}

/**
 * How fast one accumulator turns records into sealed batches, beside a bare consumer of the same records. Nothing is
 * created, so sealing ends when so many batches wait for their create; each side is timed from its first batch on.
 */
export async function measureFleetIntake(options: {
  documents: number;
  rounds: number;
  directory: string;
  profileDirectory?: string | undefined;
  onRun(line: string): void;
}): Promise<FleetIntakeReport> {
  const { documents, rounds, onRun } = options;
  const perBatch = Math.min(1_000, Math.ceil(documents / readyBatchesMax));
  const responder = await startResponder();
  const [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
  const report: FleetIntakeReport = { documents, perBatch, sealed: [], bare: [] };
  try {
    for (let round = 0; round < rounds; round += 1) {
      const directory = options.profileDirectory ?? (await mkdtemp(join(options.directory, 'intake-')));
      const config: FleetStageOptions['config'] = { lane: { items: perBatch, ageMs: 1_000 } };
      const servers = { kafka, redis };
      const stage = await startFleetStage({ directory, baseUrl: responder.baseUrl, config, servers });
      try {
        await publishDocuments(stage.log, { documents, bytes: documentBytes });
        report.sealed.push(await sealAll(stage, { documents, isProfiled: options.profileDirectory !== undefined }));
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

async function sealAll(
  stage: FleetStage,
  { documents, isProfiled }: { documents: number; isProfiled: boolean },
): Promise<number> {
  stage.startWorker(['accumulator'], { isProfiled });
  let seals: { items: number; at: number }[] = [];
  const count = (): number => seals.reduce((sum, { items }) => sum + items, 0);
  await waitUntil(
    'everything sealed',
    async () => {
      // Asked seldom: reading the journal takes from what is measured.
      await new Promise(resolve => setTimeout(resolve, 500));
      seals = await readSeals(stage);
      return count() >= documents;
    },
    { withinMs: 180_000 },
  );
  await stage.endWorkers();
  // One append may carry several: what came with the first of them is its head start.
  const firstAt = Math.min(...seals.map(({ at }) => at));
  const lastAt = Math.max(...seals.map(({ at }) => at));
  const after = seals.filter(({ at }) => at > firstAt).reduce((sum, { items }) => sum + items, 0);
  return (after * 1_000) / (lastAt - firstAt);
}

async function readSeals({ log }: FleetStage): Promise<{ items: number; at: number }[]> {
  const seals: { items: number; at: number }[] = [];
  for (let [from, isAtEnd] = [0, false]; !isAtEnd; ) {
    const read = await log.read({ topic: 'journal', partition: 0, from, recordsMax: 1_000 });
    for (const { value, at } of read.records) {
      const record = decodeJournal(value, at);
      if (record.kind === 'SEALED') seals.push({ items: record.items.length, at });
    }
    from = read.nextOffset;
    isAtEnd = read.isAtEnd;
  }
  return seals;
}

async function consumeAll({ kafka, topicPrefix }: FleetStage, documents: number): Promise<number> {
  const args = [bareConsumer, kafka.brokers.join(','), `${topicPrefix}.documents.v1`, String(documents)];
  const { stdout } = await run(process.execPath, args);
  const { documents: read, ms } = JSON.parse(stdout) as { documents: number; ms: number };
  return (read * 1_000) / ms;
}
