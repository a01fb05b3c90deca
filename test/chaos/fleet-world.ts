import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ITopicConfig, Kafka, logLevel } from 'kafkajs';
import { repairKafkajs } from '#adapters/kafka/repair-kafkajs.ts';
import type { Role } from '#contracts/roles.ts';
import { type FaultProxy, startFaultProxy } from '#test/support/fault-proxy/start-fault-proxy.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import { freePorts } from '#test/support/services/service-chain.ts';
import { type KafkaService, startKafka } from '#test/support/services/start-kafka.ts';
import { type RedisService, startRedis } from '#test/support/services/start-redis.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { waitUntil } from '#test/support/wait-until.ts';
import { writeConfig } from '#test/support/write-config.ts';
import { chaosTask } from './chaos-project.ts';
import { CrashSchedule } from './crash-schedule.ts';
import { type FleetProcess, type ProcessEnd, startFleetProcess } from './fleet-process.ts';
import { FleetPublisher } from './fleet-publisher.ts';
import { FleetResults } from './fleet-results.ts';
import { FleetWorker } from './fleet-worker.ts';

export interface FleetWorldOptions {
  seed: number;
  /** One process for each: its roles. */
  workers: readonly (readonly Role[])[];
  /** Documents a second at most, and unanswered at most. */
  perSecond: number;
  openMax: number;
  /** The provider's faults, by kind. */
  faults: Readonly<Record<string, { probability: number; delayMs?: number }>>;
  /** Puts a fault proxy between workers and each of broker, Redis and provider. */
  isProxied: boolean;
  /** How long the registration of a killed broker is kept, ms. */
  brokerSessionTimeoutMs: number;
}

export type Proxies = Readonly<Record<'kafka' | 'redis' | 'provider', FaultProxy>>;

/** Real servers, one process per worker, somebody who publishes and somebody who reads: all there is of a fleet. */
export interface FleetWorld {
  folder: string;
  random: () => number;
  kafka: KafkaService;
  redis: RedisService;
  proxies: Proxies | null;
  workers: readonly FleetWorker[];
  publisher: FleetPublisher;
  results: FleetResults;
  /** Past every proxy: for those who count. */
  client: Kafka;
  topic(name: string): string;
  simulatorUrl: string;
  /** Of processes and commands that go past every proxy. */
  env: Readonly<Record<string, string>>;
  /** Asked when a crash point has ended a life: whether another shall end the next. */
  armsAgain: { isWanted(): boolean };
  /** What happened to workers, by crash point or in words. */
  namedDeaths: Map<string, number>;
  unexpectedEnds: string[];
  /** Ends every worker; the servers go on, for the audit. */
  endWorkers(): Promise<void>;
  /** Ends what is left. @param isEvidence the folder is kept */
  close(isEvidence: boolean): Promise<void>;
}

/** Batches end after 1 to 3 s; `T_settle` is at its floor, so that a create that never landed is proven absent in 10 s. */
const timeScale = 100;
const simulatorLatency = { minMs: 100_000, maxMs: 300_000 };
/** Of the documents topic, and so of every other. */
export const partitions = 6;
const prefix = 'chaos';
const apiKey = 'sk-ant-chaos-key';

const task = {
  model: 'claude-haiku-5-5',
  instructions: 'Do what the document says.',
  maxTokens: 100,
  lane: { items: 50, ageMs: 2_000 },
  output: {
    type: 'object',
    properties: { code: { type: 'string' } },
    required: ['code'],
    additionalProperties: false,
  },
};

export async function startFleetWorld(options: FleetWorldOptions): Promise<FleetWorld> {
  const { path: folder, remove } = makeTemporaryFolder('fleet-chaos');
  // What was started last ends first.
  const closers: Closers = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.reverse()) await close();
  };
  try {
    const servers = await startServers(folder, options, closers);
    const fleet = await startFleet(folder, options, { servers, closers });
    return {
      ...servers,
      ...fleet,
      folder,
      async endWorkers() {
        await Promise.all(fleet.workers.map(worker => worker.end('SIGTERM')));
      },
      async close(isEvidence) {
        await closeAll();
        if (!isEvidence) remove();
      },
    };
  } catch (cause) {
    await closeAll();
    throw new Error(`${String(cause)}\nsee ${folder}`, { cause });
  }
}

type Servers = Pick<FleetWorld, 'kafka' | 'redis' | 'proxies' | 'simulatorUrl' | 'env'> & {
  /** Of workers: through the proxies, where there are any. */
  workerEnv: Readonly<Record<string, string>>;
};

type Closers = (() => Promise<unknown>)[];

async function startServers(folder: string, options: FleetWorldOptions, closers: Closers): Promise<Servers> {
  const proxies = options.isProxied ? await startProxies(options.seed) : null;
  for (const proxy of Object.values(proxies ?? {})) closers.push(() => proxy.close());
  const kafka = await startKafka({
    isOwn: true,
    brokerSessionTimeoutMs: options.brokerSessionTimeoutMs,
    ...(proxies ? { advertisedProxyPort: proxies.kafka.port } : {}),
  });
  closers.push(() => kafka.stop());
  const redis = await startRedis({ isOwn: true });
  closers.push(() => redis.stop());
  const { simulator, simulatorUrl } = await startSimulatorProcess(folder, options);
  closers.push(() => end(simulator));
  if (proxies) aimProxies(proxies, { kafka, redis, simulatorUrl });
  const env = environmentOf({ brokers: kafka.brokers, redisUrl: redis.url, simulatorUrl });
  const proxied = (door: FaultProxy): string => `${door.host}:${door.port}`;
  const workerEnv = proxies
    ? environmentOf({
        brokers: [proxied(proxies.kafka)],
        redisUrl: `redis://${proxied(proxies.redis)}`,
        simulatorUrl: `http://${proxied(proxies.provider)}`,
      })
    : env;
  return { kafka, redis, proxies, simulatorUrl, env, workerEnv };
}

type RunningFleet = Omit<FleetWorld, keyof Servers | 'folder' | 'endWorkers' | 'close'>;

/** Workers, somebody who reads and somebody who publishes, in this order. */
async function startFleet(
  folder: string,
  options: FleetWorldOptions,
  { servers, closers }: { servers: Servers; closers: Closers },
): Promise<RunningFleet> {
  writeConfig(folder, { tasks: { [chaosTask]: task }, kafka: { partitions }, log: { level: 'info' } });
  repairKafkajs(); // whoever counts must not stand still either
  const client = new Kafka({ clientId: 'chaos', brokers: servers.kafka.brokers, logLevel: logLevel.NOTHING });
  const topic = (name: string): string => `${prefix}.${name}.v1`;
  const random = seededRandom(options.seed);
  const [namedDeaths, unexpectedEnds] = [new Map<string, number>(), [] as string[]];
  const armsAgain = { isWanted: () => false };
  const env = servers.workerEnv;
  const workers = makeWorkers({ folder, env, options, random, armsAgain, namedDeaths, unexpectedEnds });
  for (const worker of workers) worker.start();
  closers.push(() => Promise.all(workers.map(worker => worker.end('SIGKILL'))));
  await waitForTopics(client, [topic('documents'), topic('results')]);
  const results = new FleetResults({ kafka: client, topic: topic('results') });
  await results.start();
  closers.push(() => results.stop());
  const publisher = new FleetPublisher({
    kafka: client,
    topic: topic('documents'),
    partitions,
    perSecond: options.perSecond,
    openMax: options.openMax,
    answered: () => results.answered,
  });
  publisher.start();
  closers.push(() => publisher.stop());
  return { random, workers, publisher, results, client, topic, armsAgain, namedDeaths, unexpectedEnds };
}

async function startProxies(seed: number): Promise<Proxies> {
  return {
    kafka: await startFaultProxy({ seed, isKafka: true }),
    redis: await startFaultProxy({ seed: seed + 1 }),
    provider: await startFaultProxy({ seed: seed + 2 }),
  };
}

function aimProxies(
  proxies: Proxies,
  targets: { kafka: KafkaService; redis: RedisService; simulatorUrl: string },
): void {
  const host = '127.0.0.1';
  proxies.kafka.setTarget({ host, port: targets.kafka.portBehindProxy ?? 0 });
  proxies.redis.setTarget({ host, port: Number(new URL(targets.redis.url).port) });
  proxies.provider.setTarget({ host, port: Number(new URL(targets.simulatorUrl).port) });
}

function environmentOf(addresses: {
  brokers: readonly string[];
  redisUrl: string;
  simulatorUrl: string;
}): Record<string, string> {
  return {
    FLOTILLA_KAFKA_BROKERS: addresses.brokers.join(','),
    FLOTILLA_REDIS_URL: addresses.redisUrl,
    FLOTILLA_TOPIC_PREFIX: prefix,
    FLOTILLA_TIME_SCALE: String(timeScale),
    ANTHROPIC_BASE_URL: addresses.simulatorUrl,
    ANTHROPIC_API_KEY: apiKey,
  };
}

async function startSimulatorProcess(
  folder: string,
  { seed, faults }: FleetWorldOptions,
): Promise<{ simulator: FleetProcess; simulatorUrl: string }> {
  const [port] = (await freePorts(1)) as [number];
  const directory = join(folder, 'provider');
  mkdirSync(directory);
  const flags = {
    port,
    dir: directory,
    seed,
    'time-scale': timeScale,
    'latency-min-ms': simulatorLatency.minMs,
    'latency-max-ms': simulatorLatency.maxMs,
    faults: JSON.stringify(faults),
  };
  const args = ['simulator', ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])];
  const simulator = startFleetProcess({ args, cwd: folder, env: {}, logPath: join(folder, 'simulator.log') });
  const simulatorUrl = `http://127.0.0.1:${port}`;
  await waitUntil('the simulator', async () => {
    if (simulator.hasEnded()) throw new Error('the simulator ended');
    const reply = await fetch(`${simulatorUrl}/simulator/health`).catch(() => null);
    return reply?.ok ?? false;
  });
  return { simulator, simulatorUrl };
}

async function end(ended: FleetProcess): Promise<void> {
  ended.signal('SIGKILL');
  await ended.ended;
}

function makeWorkers(parts: {
  folder: string;
  env: Readonly<Record<string, string>>;
  options: FleetWorldOptions;
  random: () => number;
  armsAgain: { isWanted(): boolean };
  namedDeaths: Map<string, number>;
  unexpectedEnds: string[];
}): FleetWorker[] {
  const { folder, env, options, random, armsAgain, namedDeaths, unexpectedEnds } = parts;
  const schedules = new Map<string, CrashSchedule>();
  return options.workers.map((roles, index) => {
    const kind = roles.join(',');
    const schedule = schedules.get(kind) ?? new CrashSchedule(random);
    schedules.set(kind, schedule);
    const name = `w${index + 1}`;
    return new FleetWorker({
      name,
      roles,
      folder,
      env,
      schedule,
      onNamedDeath: label => {
        namedDeaths.set(label, (namedDeaths.get(label) ?? 0) + 1);
        return armsAgain.isWanted();
      },
      onUnexpectedEnd: ({ code, signal }: ProcessEnd) =>
        void unexpectedEnds.push(`${name} (${kind}): ${signal ?? code}`),
    });
  });
}

/** Workers make the topics at their first start. */
async function waitForTopics(client: Kafka, wanted: readonly ITopicConfig['topic'][]): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  try {
    await waitUntil('the topics', async () => {
      const there = await admin.listTopics();
      return wanted.every(topic => there.includes(topic));
    });
  } finally {
    await admin.disconnect();
  }
}
