import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openQueuesToShow } from '#adapters/bullmq/open-queues-to-show.ts';
import { createTelemetry } from '#adapters/pino/create-telemetry.ts';
import { openRedisHints } from '#adapters/redis/open-redis-hints.ts';
import { openFolderHints } from '#adapters/sqlite/open-folder-hints.ts';
import { systemClock } from '#adapters/system/system-clock.ts';
import type { Hints } from '#ports/hints.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { intakeGroup } from '#services/accumulator/intakes.ts';
import type { ConsoleOptions } from '#services/console/service.ts';
import { hintsFolder } from './embedded.ts';
import { isEngineRunning } from './engine-running.ts';
import { openFleetLog, requireFleet } from './fleet-log.ts';
import { openFleetRedis } from './fleet-redis.ts';
import { openState } from './open-state.ts';

/** What a console looks at. */
export interface ConsoleSource
  extends Pick<
    ConsoleOptions,
    'log' | 'intakeGroup' | 'projectionPath' | 'hints' | 'queues' | 'source' | 'clock' | 'logFault'
  > {
  close(): Promise<void>;
}

const projectionName = 'projection.db';
/** Looking for an engine takes its lock for a moment: not at every look of every screen. */
const engineEveryMs = 3_000;
const redisStartMs = 5_000;

/**
 * The fleet, where brokers are configured, else the state of this machine.
 * @throws FlotillaError not-found | invalid-config | log-unavailable
 */
export const openConsoleSource = (settings: LoadedConfig): Promise<ConsoleSource> =>
  settings.fleet ? openFleetSource(settings) : openStateSource(settings);

async function openStateSource(settings: LoadedConfig): Promise<ConsoleSource> {
  const { place: directory, log, close } = await openState(settings);
  const isSimulated = settings.account === null;
  return {
    log,
    intakeGroup,
    projectionPath: join(directory, 'console', projectionName),
    hints: openFolderHints(join(directory, hintsFolder)),
    queues: { why: 'Redis is not configured; on one machine jobs are kept in memory' },
    source: { name: directory, isSimulated, engine: nowAndThen(() => isEngineRunning(directory), engineEveryMs) },
    clock: systemClock,
    logFault: replacedFault(join(directory, 'log.db')),
    close,
  };
}

async function openFleetSource(settings: LoadedConfig): Promise<ConsoleSource> {
  const fleet = requireFleet(settings);
  const { topicPrefix } = fleet;
  const { level } = settings.config.log;
  const telemetry = createTelemetry({ level, path: '-', process: 'console' });
  const log = await openFleetLog(settings, { telemetry, clientId: 'flotilla-console', isReader: true });
  const redis = await openFleetRedis(fleet, { name: 'flotilla-console', startMs: redisStartMs }).catch(
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const isThere = !(redis instanceof Error);
  const { account, baseUrl, timeScale } = settings.config.providers.anthropic;
  const queues = isThere ? openQueuesToShow({ redis, prefix: topicPrefix, accounts: [account] }) : null;
  return {
    log,
    intakeGroup,
    projectionPath: join(settings.stateDirectory, 'console', topicPrefix, projectionName),
    hints: isThere ? openRedisHints({ redis, prefix: topicPrefix }) : silentHints(redis),
    queues: queues?.queues ?? { why: `Redis was not to be used when the console began: ${(redis as Error).message}` },
    source: {
      name: `${log.address}, ${topicPrefix}${baseUrl === undefined ? '' : `, provider at ${baseUrl}`}`,
      // Only a simulator's time runs faster than ours.
      isSimulated: settings.account === null || timeScale !== 1,
    },
    clock: systemClock,
    async close() {
      await queues?.close();
      if (isThere) await redis.close();
      await log.close();
    },
  };
}

/** What was opened stays readable after its file was deleted, and nothing ever happens in it. */
function replacedFault(path: string): () => string | null {
  const inodeOf = (): bigint | null => statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? null;
  const opened = inodeOf();
  return () => (inodeOf() === opened ? null : `${path} was deleted or replaced since the console began`);
}

/** Nobody can say anything: screens show why, and never that there is nothing. */
const silentHints = (why: Error): Hints => ({ put: async () => {}, list: () => Promise.reject(why) });

function nowAndThen(ask: () => boolean, everyMs: number): () => boolean {
  let found = false;
  let askedOn = -Infinity;
  return () => {
    if (systemClock.monotonic() - askedOn < everyMs) return found;
    askedOn = systemClock.monotonic();
    found = ask();
    return found;
  };
}
