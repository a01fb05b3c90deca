import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createTelemetry } from '#adapters/pino/create-telemetry.ts';
import { openSqliteLog } from '#adapters/sqlite/open-sqlite-log.ts';
import type { WorkerHint } from '#contracts/worker-hint.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log, Topic } from '#ports/log.ts';
import type { FleetSettings } from '#runtime/config/fleet-settings.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { isEngineRunning } from './engine-running.ts';
import { openFleetLog } from './fleet-log.ts';
import { openFleetRedis, workersAt } from './fleet-redis.ts';

/** The log of a state folder or of a fleet, beside whatever may be at work on it. */
export interface OpenState {
  /** For people: a folder, or brokers and topic prefix. */
  place: string;
  /** Of the simulator that ran inside a run, and its state; null elsewhere. */
  simulatedFolder: string | null;
  log: StateLog;
  /** Who works on it now. */
  workforce(): Promise<Workforce>;
  close(): Promise<void>;
}

export interface StateLog extends Log {
  oldestOffset(topic: Topic, partition: number): Promise<number>;
}

export type Workforce =
  | { is: 'engine'; isRunning: boolean }
  /** `why` is null unless Redis, which knows them, cannot be reached. */
  | { is: 'fleet'; workers: WorkerHint[]; why: string | null };

const redisStartMs = 3_000;

/** Simulated state lies in a folder of its own, so that a real key never meets it (C26). */
export const stateFolderOf = ({ account, stateDirectory }: LoadedConfig): string =>
  account === null ? join(stateDirectory, 'simulated') : stateDirectory;

/** @throws FlotillaError not-found when nothing was ever run there; log-unavailable */
export async function openState(settings: LoadedConfig): Promise<OpenState> {
  return settings.fleet ? openFleetState(settings, settings.fleet) : openFolder(settings);
}

function openFolder(settings: LoadedConfig): OpenState {
  const directory = stateFolderOf(settings);
  if (!existsSync(join(directory, 'log.db'))) {
    const why = settings.account === null ? 'nothing was run there yet (without a key)' : 'nothing was run there yet';
    throw new FlotillaError('not-found', { where: directory, why, fix: 'flotilla run FILE, or give --state' });
  }
  const log = openSqliteLog({ directory });
  return {
    place: directory,
    simulatedFolder: settings.account === null ? directory : null,
    log,
    workforce: async () => ({ is: 'engine', isRunning: isEngineRunning(directory) }),
    close: () => log.close(),
  };
}

async function openFleetState(settings: LoadedConfig, fleet: FleetSettings): Promise<OpenState> {
  const telemetry = createTelemetry({ level: 'silent', path: null, process: 'cli' });
  const log = await openFleetLog(settings, { telemetry, clientId: 'flotilla-cli', isReader: true });
  return {
    place: `${fleet.topicPrefix} on ${log.address}`,
    simulatedFolder: null,
    log,
    workforce: () => workersOf(fleet),
    close: () => log.close(),
  };
}

/** What they say of themselves; a fleet works without Redis knowing it, only more slowly. */
async function workersOf(fleet: FleetSettings): Promise<Workforce> {
  try {
    const redis = await openFleetRedis(fleet, { name: 'flotilla-cli', startMs: redisStartMs });
    try {
      return { is: 'fleet', workers: await workersAt(redis, fleet), why: null };
    } finally {
      await redis.close();
    }
  } catch (error) {
    return { is: 'fleet', workers: [], why: error instanceof Error ? error.message : String(error) };
  }
}

/** True while somebody works on it, or may. */
export const isAttended = (workforce: Workforce): boolean =>
  workforce.is === 'engine' ? workforce.isRunning : workforce.workers.length > 0 || workforce.why !== null;
