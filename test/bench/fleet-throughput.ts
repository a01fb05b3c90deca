import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { roleNames } from '#contracts/roles.ts';
import { waitForAnswers } from './fleet-answers.ts';
import { publishDocuments } from './fleet-documents.ts';
import { type FleetStage, startFleetStage } from './fleet-stage.ts';
import { flotillaLeg } from './flotilla-leg.ts';
import { formatCount, formatTable } from './format-table.ts';
import { median } from './median.ts';
import { createsAtATime, documentsPerBatch } from './read-batches.ts';
import { runLeg } from './run-leg.ts';
import { cpuMsOf } from './sample-process.ts';
import { spawnMeasured } from './spawn-leg.ts';
import { startResponder } from './start-responder.ts';
import { documentBytes, writeDocuments } from './write-documents.ts';

const memoryLoop = fileURLToPath(new URL('./loop-memory.ts', import.meta.url));
const settleMs = 60_000;

/** One run of one of the three, over the same documents. */
interface SpeedRun {
  wallMs: number;
  /** Of all of its own processes; of the fleet, workers alone. */
  cpuMs: number;
  /** Of the servers beside them. */
  brokerCpuMs: number;
  redisCpuMs: number;
  rssMb: number;
}

export interface FleetThroughputReport {
  documents: number;
  workers: number;
  rounds: number;
  memory: SpeedRun[];
  embedded: SpeedRun[];
  fleet: SpeedRun[];
}

export interface FleetThroughputOptions {
  documents: number;
  workers: number;
  rounds: number;
  /** Writes CPU profiles of the workers below it and keeps it. */
  profileDirectory?: string | undefined;
  directory: string;
  onRun(line: string): void;
}

/** The loop in memory, `flotilla run` and a fleet, in turn, against responders of their own. */
export async function measureFleetThroughput(options: FleetThroughputOptions): Promise<FleetThroughputReport> {
  const { documents, workers, rounds, directory } = options;
  const documentsFile = join(directory, 'documents.jsonl');
  await writeDocuments(documentsFile, documents);
  const report: FleetThroughputReport = { documents, workers, rounds, memory: [], embedded: [], fleet: [] };
  const say = (name: string, run: SpeedRun): void =>
    options.onRun(
      `${name}: ${formatCount(perSecond(documents, run))} documents/s, ${formatCount((run.cpuMs * 1_000) / documents)} µs CPU/document`,
    );
  for (let round = 0; round < rounds; round += 1) {
    report.memory.push(await runMemoryLoop({ documentsFile, directory, documents }));
    say('memory', report.memory.at(-1) as SpeedRun);
    const embedded = await runLeg({ leg: flotillaLeg, documentsFile, documents, directory });
    report.embedded.push({ ...embedded, brokerCpuMs: 0, redisCpuMs: 0 });
    say('embedded', report.embedded.at(-1) as SpeedRun);
    report.fleet.push(await runFleet(options));
    say('fleet', report.fleet.at(-1) as SpeedRun);
  }
  return report;
}

export function formatFleetThroughput(report: FleetThroughputReport): string {
  const { documents, workers, rounds } = report;
  const rowOf = (name: string, runs: readonly SpeedRun[]): string[] => [
    name,
    formatCount(median(runs.map(run => perSecond(documents, run)))),
    ...[cpuOf, brokerOf, redisOf].map(of => formatCount(median(runs.map(run => (of(run) * 1_000) / documents)))),
    formatCount(median(runs.map(({ rssMb }) => rssMb))),
  ];
  const headings = ['run', 'documents/s', 'CPU µs/document', 'broker', 'Redis', 'highest RSS MB'];
  const ratioTo = (anchor: readonly SpeedRun[]): string => {
    const ratios = report.fleet.map(({ wallMs }, round) => (anchor[round] as SpeedRun).wallMs / wallMs);
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
    return `${median(ratios).toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
  };
  return [
    `${formatCount(documents)} documents of ${documentBytes} bytes, published before the start; ${workers} worker processes; ${rounds} rounds; from spawn to the last answer`,
    formatTable(headings, [
      rowOf('memory loop', report.memory),
      rowOf('embedded, SQLite', report.embedded),
      rowOf('fleet', report.fleet),
    ]),
    '',
    `fleet / memory loop:      ${ratioTo(report.memory)} (target ≥ 0.3, aim 0.7)`,
    `fleet / embedded, SQLite: ${ratioTo(report.embedded)}`,
  ].join('\n');
}

const perSecond = (documents: number, { wallMs }: SpeedRun): number => (documents * 1_000) / wallMs;
const cpuOf = ({ cpuMs }: SpeedRun): number => cpuMs;
const brokerOf = ({ brokerCpuMs }: SpeedRun): number => brokerCpuMs;
const redisOf = ({ redisCpuMs }: SpeedRun): number => redisCpuMs;

async function runMemoryLoop(options: {
  documentsFile: string;
  directory: string;
  documents: number;
}): Promise<SpeedRun> {
  const directory = await mkdtemp(join(options.directory, 'memory-'));
  const responder = await startResponder();
  try {
    const args = [memoryLoop, options.documentsFile];
    const environment = { ANTHROPIC_BASE_URL: responder.baseUrl };
    const { wallMs, usage } = await spawnMeasured({ args, directory, environment }).ended();
    refuseUnless('memory loop', { bought: (await responder.sold()).items, documents: options.documents });
    return { wallMs, ...usage, brokerCpuMs: 0, redisCpuMs: 0 };
  } finally {
    responder.stop();
  }
}

async function runFleet(options: FleetThroughputOptions): Promise<SpeedRun> {
  const { documents, workers, profileDirectory } = options;
  const directory = profileDirectory ?? (await mkdtemp(join(options.directory, 'fleet-')));
  const responder = await startResponder();
  const config = { lane: { items: documentsPerBatch }, providers: { anthropic: { createsAtOnce: createsAtATime } } };
  const stage = await startFleetStage({ directory, baseUrl: responder.baseUrl, config });
  try {
    await publishDocuments(stage.log, { documents, bytes: documentBytes });
    const serversBefore = serverCpuMs(stage);
    const startedAt = Date.now();
    for (let index = 0; index < workers; index += 1) {
      stage.startWorker(roleNames, { isProfiled: profileDirectory !== undefined });
    }
    const counted = await waitForAnswers(stage.log, { documents, stallMs: settleMs });
    const serversAfter = serverCpuMs(stage);
    const cpuMs = stage.workers.reduce((sum, worker) => sum + cpuMsOf(worker.process().pid), 0);
    const rssMb = Math.max(...stage.workers.map(worker => worker.peakRssMb()));
    await stage.endWorkers();
    refuseUnless('fleet', { bought: (await responder.sold()).items, documents });
    if (counted.repeated > 0) throw new Error(`fleet: ${counted.repeated} answered twice`);
    return {
      wallMs: counted.lastAt - startedAt,
      cpuMs,
      brokerCpuMs: serversAfter.broker - serversBefore.broker,
      redisCpuMs: serversAfter.redis - serversBefore.redis,
      rssMb,
    };
  } finally {
    await stage.stop();
    responder.stop();
  }
}

/** A fast run that loses work, or buys it twice, is not fast. */
function refuseUnless(name: string, { bought, documents }: { bought: number; documents: number }): void {
  if (bought !== documents) throw new Error(`${name}: ${documents} documents, ${bought} bought`);
}

function serverCpuMs({ kafka, redis }: FleetStage): { broker: number; redis: number } {
  return {
    broker: kafka.pid === null ? 0 : cpuMsOf(kafka.pid),
    redis: redis.pid === null ? 0 : cpuMsOf(redis.pid),
  };
}
