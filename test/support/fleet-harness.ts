import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigInput } from '#contracts/config.ts';
import type { InvoiceRow } from '#services/simulator/machine/invoice.ts';
import { type RunningSimulator, type SimulatorOptions, startSimulator } from '#services/simulator/service.ts';
import { FleetReader, type ReadAnswer } from './fleet-reader.ts';
import { type FleetWorker, startFleetWorker, type WorkerSpec } from './fleet-worker.ts';
import { copyTask } from './make-project.ts';
import { ensurePrograms } from './services/service-chain.ts';
import { freshTopicPrefix, type KafkaService, type StartKafkaOptions, startKafka } from './services/start-kafka.ts';
import { type RedisService, type StartRedisOptions, startRedis } from './services/start-redis.ts';
import { type Ended, runFlotilla } from './spawn-flotilla.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

export interface StartFleetOptions {
  workers: readonly WorkerSpec[];
  /** Without it: batches live up to 300 ms, no faults. */
  simulator?: Omit<SimulatorOptions, 'directory' | 'port' | 'host'>;
  /** Over the task `copy`, whose lanes close at 50 documents or after a second. */
  config?: Partial<ConfigInput>;
  /** Servers of one's own, or ones that run already. */
  kafka?: StartKafkaOptions | KafkaService;
  redis?: StartRedisOptions | RedisService;
  /** For every worker and every command. */
  env?: Readonly<Record<string, string>>;
}

/** What `flotilla audit --json` says. */
export interface FleetAudit {
  verdict: string;
  figures: Record<string, number>;
  exitCode: number | null;
  /** All of it. */
  text: string;
}

/** A real fleet: Kafka, Redis, a simulated provider, and one process for each worker. */
export interface TestFleet {
  kafka: KafkaService;
  redis: RedisService;
  simulator: RunningSimulator;
  /** Folder with the configuration; commands run in it. */
  folder: string;
  topicPrefix: string;
  env: Readonly<Record<string, string>>;
  workers: FleetWorker[];
  add(spec: WorkerSpec): FleetWorker;
  /** Resolves once every worker that runs is ready. */
  ready(): Promise<void>;
  /** Publishes lines with kcat, as a user would. */
  publish(lines: readonly (string | object)[], kcatArgs?: readonly string[]): Promise<void>;
  reader: FleetReader;
  /** Resolves when so many results can be read. @throws Error with what workers said when it takes too long */
  waitForResults(count: number, options?: { withinMs?: number }): Promise<ReadAnswer[]>;
  /** A command of the command line, in the folder and environment of the fleet. */
  flotilla(args: readonly string[]): Promise<Ended>;
  audit(): Promise<FleetAudit>;
  invoice(): InvoiceRow[];
  stop(): Promise<void>;
}

const timeScale = 1_000;

export async function startFleet(options: StartFleetOptions): Promise<TestFleet> {
  const folder = makeTemporaryFolder('fleet');
  const stops: (() => Promise<void> | void)[] = [() => folder.remove()];
  const stop = async (): Promise<void> => {
    for (const each of stops.reverse()) await each();
    stops.length = 0;
  };
  try {
    const [kafka, redis] = await Promise.all([kafkaOf(options.kafka), redisOf(options.redis)]);
    stops.push(
      () => (kafka.isOurs ? kafka.service.stop() : undefined),
      () => (redis.isOurs ? redis.service.stop() : undefined),
    );
    const simulator = await startSimulator({ timeScale, latency: { minMs: 0, maxMs: 300_000 }, ...options.simulator });
    stops.push(() => simulator.close());
    return await assemble({
      options,
      folder: folder.path,
      kafka: kafka.service,
      redis: redis.service,
      simulator,
      stops,
      stop,
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Parts {
  options: StartFleetOptions;
  folder: string;
  kafka: KafkaService;
  redis: RedisService;
  simulator: RunningSimulator;
  stops: (() => Promise<void> | void)[];
  stop: () => Promise<void>;
}

async function assemble({ options, folder, kafka, redis, simulator, stops, stop }: Parts): Promise<TestFleet> {
  const topicPrefix = freshTopicPrefix();
  const env = {
    FLOTILLA_KAFKA_BROKERS: kafka.brokers.join(','),
    FLOTILLA_REDIS_URL: redis.url,
    FLOTILLA_TOPIC_PREFIX: topicPrefix,
    FLOTILLA_TIME_SCALE: String(options.simulator?.timeScale ?? timeScale),
    // Servers that the environment names may be on another machine: whoever names them says whether that is well.
    FLOTILLA_INSECURE_OK: process.env.FLOTILLA_INSECURE_OK ?? '',
    ANTHROPIC_API_KEY: 'sk-ant-simulated',
    ANTHROPIC_BASE_URL: simulator.baseUrl,
    ...options.env,
  };
  writeConfig(folder, options.config ?? {});
  const workers: FleetWorker[] = [];
  stops.push(async () => void (await Promise.all(workers.map(worker => worker.isRunning() && worker.kill('SIGKILL')))));
  const add = (spec: WorkerSpec): FleetWorker => {
    const name = `w${workers.length + 1}`;
    const worker = startFleetWorker({ name, spec, cwd: folder, env });
    workers.push(worker);
    return worker;
  };
  for (const spec of options.workers) add(spec);
  const reader = new FleetReader({ brokers: kafka.brokers, topicPrefix });
  stops.push(() => reader.close());
  const flotilla = (args: readonly string[]): Promise<Ended> => runFlotilla({ args, cwd: folder, env });
  return {
    kafka,
    redis,
    simulator,
    folder,
    topicPrefix,
    env,
    workers,
    add,
    ready: async () =>
      void (await Promise.all(workers.filter(worker => worker.isRunning()).map(worker => worker.ready()))),
    publish: (lines, kcatArgs = []) =>
      publish({ folder, brokers: kafka.brokers, topic: `${topicPrefix}.documents.v1`, lines, kcatArgs }),
    reader,
    async waitForResults(count, { withinMs = 120_000 } = {}) {
      const answers = await reader.waitForResults(count, withinMs);
      if (answers.length >= count) return answers;
      throw new Error(`${answers.length} of ${count} results after ${withinMs / 1_000} s\n${lastWords(workers)}`);
    },
    flotilla,
    async audit() {
      const { stdout, stderr, code } = await flotilla(['audit', '--json', '--invoice', simulator.baseUrl]);
      const line = stdout.trim().split('\n').at(-1) ?? '';
      if (!line.startsWith('{')) throw new Error(`flotilla audit said: ${stdout}${stderr}`);
      const report = JSON.parse(line) as Record<string, unknown> & { verdict: string };
      const figures = Object.entries(report).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
      return { verdict: report.verdict, figures: Object.fromEntries(figures), exitCode: code, text: line };
    },
    invoice: () => allRows(simulator),
    stop,
  };
}

/** What each of them wrote last. */
const lastWords = (workers: readonly FleetWorker[]): string =>
  workers
    .map(worker => {
      const { stdout, stderr } = worker.written();
      return [
        `${worker.name} (${worker.isRunning() ? 'running' : 'ended'}):`,
        stdout.slice(-2_000),
        stderr.slice(-1_000),
      ].join('\n');
    })
    .join('\n');

function writeConfig(folder: string, { tasks, ...config }: Partial<ConfigInput>): void {
  const lane = { items: 50, ageMs: 1_000 };
  const own = { lane, ...config, tasks: { copy: { ...copyTask, lane }, ...tasks } };
  const text = JSON.stringify({ version: 1, ...own }, null, 2);
  writeFileSync(join(folder, 'flotilla.config.ts'), `export default ${text};\n`);
}

let files = 0;

async function publish(options: {
  folder: string;
  brokers: readonly string[];
  topic: string;
  lines: readonly (string | object)[];
  kcatArgs: readonly string[];
}): Promise<void> {
  files += 1;
  const path = join(options.folder, `published-${files}.jsonl`);
  const texts = options.lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line)));
  writeFileSync(path, `${texts.join('\n')}\n`);
  const args = ['-P', '-b', options.brokers.join(','), '-t', options.topic, ...options.kcatArgs, '-l', path];
  ensurePrograms(['kcat'], ['kcat']);
  const child = spawn('kcat', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`kcat ${args.join(' ')} ended with ${code}: ${said}`);
}

function allRows(simulator: RunningSimulator): InvoiceRow[] {
  const rows: InvoiceRow[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page = simulator.invoice({ after, limit: 10_000 });
    rows.push(...page.rows);
    after = page.nextAfter;
  }
  return rows;
}

async function kafkaOf(given: StartFleetOptions['kafka'] = {}): Promise<{ service: KafkaService; isOurs: boolean }> {
  return 'brokers' in given ? { service: given, isOurs: false } : { service: await startKafka(given), isOurs: true };
}

async function redisOf(given: StartFleetOptions['redis'] = {}): Promise<{ service: RedisService; isOurs: boolean }> {
  return 'url' in given ? { service: given, isOurs: false } : { service: await startRedis(given), isOurs: true };
}
