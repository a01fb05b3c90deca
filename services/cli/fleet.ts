import { createAnthropicProvider } from '#adapters/anthropic/create-anthropic-provider.ts';
import { createBullmqWorkQueue } from '#adapters/bullmq/create-bullmq-work-queue.ts';
import { openRedisAnswerStore } from '#adapters/redis/open-redis-answer-store.ts';
import { openRedisHints } from '#adapters/redis/open-redis-hints.ts';
import { openRedisPayloadStore } from '#adapters/redis/open-redis-payload-store.ts';
import type { DeadLetterPlace } from '#core/dead-letter-place.ts';
import { documentBytesMax, resultLineBytesMax } from '#core/limits.ts';
import { type Timing, timingFor } from '#core/timing.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { AnswerStore } from '#ports/answer-store.ts';
import type { BatchProvider } from '#ports/batch-provider.ts';
import type { Hints } from '#ports/hints.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import { type AnswerSettings, answerSettings } from '#runtime/answer-cache.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { createRouting, type Routing } from '#runtime/routing.ts';
import { type FleetLog, openFleetLog, requireFleet } from './fleet-log.ts';
import { openFleetRedis, submitRatesOf } from './fleet-redis.ts';
import { openUsageReport } from './open-usage-report.ts';
import type { RolesOptions } from './start-roles.ts';
import { hintsOnly } from './worker/hints-only.ts';

export interface OpenFleetOptions {
  settings: LoadedConfig;
  telemetry: Telemetry;
  /** Unique among all processes and their lives. */
  incarnation: string;
}

/** What a process of a fleet works with. All that matters is in the log; the rest may be gone at any time. */
export interface Fleet {
  topicPrefix: string;
  /** For screens: without credentials. */
  kafkaAddress: string;
  redisAddress: string;
  log: FleetLog;
  queue: WorkQueue;
  payloads: PayloadStore;
  hints: Hints;
  telemetry: Telemetry;
  routing: Routing;
  timing: Timing;
  providers: ReadonlyMap<string, BatchProvider>;
  /** What dead letters say of where they came from. */
  deadLetters: DeadLetterPlace;
  createsAtOnce: number;
  openBatchesMax: number;
  caps: LoadedConfig['caps'];
  /** Null: no task gives answers again. */
  answers: { store: AnswerStore; settings: ReadonlyMap<string, AnswerSettings> } | null;
  primesPerHour: number;
  /** Null without an admin key, or without the sweeper role. */
  usage: NonNullable<RolesOptions['usage']> | null;
  /** Leaves the group and gives back the jobs it has. */
  close(): Promise<void>;
}

/**
 * Opens the log, the queue, the payloads and the provider of a fleet.
 * @throws FlotillaError invalid-config | redis-unfit, and what may be well again later: log-unavailable | queue-unavailable
 */
export async function openFleet({ settings, telemetry, incarnation }: OpenFleetOptions): Promise<Fleet> {
  const fleet = requireFleet(settings);
  const { topicPrefix, worker } = fleet;
  const provider = openProvider(settings);
  const { account, adminKey, apiKeyIds } = settings.config.providers.anthropic;
  // By itself only where it is said which keys are ours: what others of a workspace buy would fill the caps.
  const reconciles = adminKey !== null && apiKeyIds.length > 0 && worker.roles.includes('sweeper');
  const usage = reconciles ? { report: await openUsageReport(settings, null), account, apiKeyIds } : null;
  const redis = await openFleetRedis(fleet, {
    name: `flotilla-${worker.name}`,
    onTrouble: trouble =>
      telemetry.note(trouble ? 'warn' : 'info', trouble ? 'redis-away' : 'redis-back', { why: trouble?.message }),
  });
  const queue = createBullmqWorkQueue({
    redis,
    prefix: topicPrefix,
    accounts: [account],
    incarnation,
    submitRates: submitRatesOf(fleet),
  });
  const closeRedis = async (): Promise<void> => {
    await queue.close();
    await redis.close();
  };
  const log = await openFleetLog(settings, { telemetry, clientId: `flotilla-${worker.name}` }).catch(
    async (error: unknown) => {
      await closeRedis();
      throw error;
    },
  );
  const { anthropic } = settings.config.providers;
  const answers = answerSettings(settings.tasks);
  return {
    topicPrefix,
    kafkaAddress: log.address,
    redisAddress: redis.shownUrl,
    log,
    queue: hintsOnly(queue, telemetry),
    payloads: openRedisPayloadStore({ redis, prefix: topicPrefix }),
    hints: openRedisHints({ redis, prefix: topicPrefix }),
    telemetry,
    routing: routingOf(settings, account),
    timing: timingFor(anthropic.timeScale),
    providers: new Map([[account, provider]]),
    deadLetters: {
      topic: log.documentsTopic,
      group: log.intakeGroup,
      originalBytesMax: documentBytesMax,
    },
    createsAtOnce: anthropic.createsAtOnce,
    openBatchesMax: anthropic.openBatchesMax,
    caps: settings.caps,
    answers: answers && { store: openRedisAnswerStore({ redis, prefix: topicPrefix }), settings: answers },
    primesPerHour: settings.config.cache.primesPerHour,
    usage,
    async close() {
      await Promise.all([log.close(), closeRedis()]);
    },
  };
}

function routingOf({ tasks, lane, cache }: LoadedConfig, account: string): Routing {
  const routes = [...tasks].map(([name, task]) => {
    return [name, { recipe: task.recipe, lane: task.lane, cache: task.cache, account }] as const;
  });
  return createRouting({ tasks: new Map(routes), asIs: { account, lane, cache } });
}

function openProvider({ account, config }: LoadedConfig): BatchProvider {
  if (account === null) {
    throw new FlotillaError('invalid-config', {
      where: 'providers.anthropic.apiKey',
      why: 'a fleet needs a key: only one machine starts a simulator of its own',
      fix: 'set ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL to a `flotilla simulator` and any key that begins with sk-ant-',
    });
  }
  const { httpMs, httpPerMbMs } = timingFor(config.providers.anthropic.timeScale);
  return createAnthropicProvider({
    apiKey: account.apiKey.reveal(),
    ...(account.baseUrl === null ? {} : { baseUrl: account.baseUrl }),
    createTimeoutMs: httpMs,
    createTimeoutPerMegabyteMs: httpPerMbMs,
    // A connection that died half-open is silent for so long at most: 60 s, and less where time runs faster.
    readTimeoutMs: 2 * httpMs,
    resultLineBytesMax,
  });
}
