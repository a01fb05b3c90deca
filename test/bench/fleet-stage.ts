import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaLog } from '#adapters/kafka/kafka-log.ts';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import type { ConfigInput } from '#contracts/config.ts';
import type { Role } from '#contracts/roles.ts';
import { type FleetProcess, startFleetProcess } from '#test/chaos/fleet-process.ts';
import { freshTopicPrefix, type KafkaService, startKafka } from '#test/support/services/start-kafka.ts';
import { type RedisService, startRedis } from '#test/support/services/start-redis.ts';
import { waitUntil } from '#test/support/wait-until.ts';
import { writeConfig } from '#test/support/write-config.ts';
import { peakRssMb } from './sample-process.ts';

export interface FleetStageOptions {
  /** Where configuration, logs and profiles go; servers keep their data below the system's temporary folder. */
  directory: string;
  /** Of the provider, which somebody else starts. */
  baseUrl: string;
  timeScale?: number;
  config?: Partial<ConfigInput>;
  /** Given, these servers are used and left running. */
  servers?: { kafka: KafkaService; redis: RedisService };
}

/** A worker process that is measured. */
export interface StageWorker {
  name: string;
  roles: readonly Role[];
  /** Of the life that runs. */
  process(): FleetProcess;
  /** The highest so far, MB. */
  peakRssMb(): number;
  /** Starts another process in its place at once. */
  respawn(): void;
}

/** Kafka, Redis and workers on this machine; the log is open, for publishing and for counting. */
export interface FleetStage {
  kafka: KafkaService;
  redis: RedisService;
  log: KafkaLog;
  topicPrefix: string;
  folder: string;
  env: Readonly<Record<string, string>>;
  startWorker(roles: readonly Role[], options?: { isProfiled?: boolean }): StageWorker;
  workers: readonly StageWorker[];
  /** Ends every worker in order, so that profiles are written. */
  endWorkers(): Promise<void>;
  stop(): Promise<void>;
}

const drainMsMax = 12_000;

/** @throws Error when a server does not start */
export async function startFleetStage(options: FleetStageOptions): Promise<FleetStage> {
  const { directory, baseUrl, timeScale = 1, config = {} } = options;
  const folder = join(directory, 'fleet');
  mkdirSync(folder, { recursive: true });
  const [kafka, redis] = options.servers
    ? [options.servers.kafka, options.servers.redis]
    : await Promise.all([startKafka(), startRedis()]);
  const topicPrefix = freshTopicPrefix();
  const env = {
    FLOTILLA_KAFKA_BROKERS: kafka.brokers.join(','),
    FLOTILLA_REDIS_URL: redis.url,
    FLOTILLA_TOPIC_PREFIX: topicPrefix,
    FLOTILLA_TIME_SCALE: String(timeScale),
    ANTHROPIC_API_KEY: 'sk-ant-bench',
    ANTHROPIC_BASE_URL: baseUrl,
  };
  writeConfig(folder, { log: { level: 'warn' }, ...config });
  const log = await openKafkaLog({ brokers: kafka.brokers, topicPrefix, clientId: 'bench', cacheBytes: 1 });
  const workers: StageWorker[] = [];
  return {
    kafka,
    redis,
    log,
    topicPrefix,
    folder,
    env,
    workers,
    startWorker(roles, { isProfiled = false } = {}) {
      const worker = createWorker({ name: `w${workers.length + 1}`, roles, folder, env, isProfiled });
      workers.push(worker);
      return worker;
    },
    endWorkers: () => endAll(workers),
    async stop() {
      for (const worker of workers) worker.process().signal('SIGKILL');
      await log.close();
      if (options.servers === undefined) await Promise.all([kafka.stop(), redis.stop()]);
    },
  };
}

/** Resolves when every worker says that it is ready to work. */
export async function untilWorking(stage: FleetStage): Promise<void> {
  const { log } = stage;
  await waitUntil('a journal', async () => (await log.endOffset('journal', 0)) > 0, { withinMs: 120_000 });
}

function createWorker(options: {
  name: string;
  roles: readonly Role[];
  folder: string;
  env: Readonly<Record<string, string>>;
  isProfiled: boolean;
}): StageWorker {
  const { name, roles, folder, env, isProfiled } = options;
  const profile = isProfiled ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${join(folder, 'profiles')}` } : {};
  const start = (): FleetProcess =>
    startFleetProcess({
      args: ['worker', '--roles', roles.join(','), '--name', name, '--port', '0'],
      cwd: folder,
      env: { ...env, ...profile },
      logPath: join(folder, `${name}.log`),
    });
  let running = start();
  return {
    name,
    roles,
    process: () => running,
    peakRssMb: () => peakRssMb(running.pid),
    respawn() {
      running = start();
    },
  };
}

async function endAll(workers: readonly StageWorker[]): Promise<void> {
  await Promise.all(
    workers.map(async worker => {
      const ending = worker.process();
      ending.signal('SIGTERM');
      await Promise.race([ending.ended, sleep(drainMsMax)]);
      ending.signal('SIGKILL');
      await ending.ended;
    }),
  );
}
