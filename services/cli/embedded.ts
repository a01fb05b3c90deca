import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createAnthropicProvider } from '#adapters/anthropic/create-anthropic-provider.ts';
import { createMemoryPayloadStore } from '#adapters/memory/create-memory-payload-store.ts';
import type { Traces } from '#adapters/otel/open-traces.ts';
import { type CountingTelemetry, createTelemetry } from '#adapters/pino/create-telemetry.ts';
import { acquireEngineLock, type EngineLock } from '#adapters/sqlite/acquire-engine-lock.ts';
import { acquireFileLock, type FileLock } from '#adapters/sqlite/acquire-file-lock.ts';
import { openFolderHints } from '#adapters/sqlite/open-folder-hints.ts';
import { openSqliteAnswerStore, type SqliteAnswerStore } from '#adapters/sqlite/open-sqlite-answer-store.ts';
import { openSqliteLog } from '#adapters/sqlite/open-sqlite-log.ts';
import type { SqliteLog } from '#adapters/sqlite/sqlite-log.ts';
import { systemClock } from '#adapters/system/system-clock.ts';
import { roleNames } from '#contracts/roles.ts';
import type { MoneyCap } from '#core/caps/cap-scopes.ts';
import { resultLineBytesMax } from '#core/limits.ts';
import type { CachePolicy } from '#core/prompt-cache/cache-plan.ts';
import { type Timing, timingFor } from '#core/timing.ts';
import type { BatchProvider } from '#ports/batch-provider.ts';
import type { AnswerSettings } from '#runtime/answer-cache.ts';
import type { CrashHook } from '#runtime/crash-points.ts';
import type { Loop } from '#runtime/loop.ts';
import { createRouting, type LaneBounds, type Routing, type TaskRoute } from '#runtime/routing.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import { workerHintLoop } from '#runtime/worker-hints.ts';
import type { RunningSimulator, SimulatorOptions } from '#services/simulator/service.ts';
import { type Engine, startEngine } from './engine.ts';
import { makeStateFolder } from './make-state-folder.ts';
import { openSpans } from './open-spans.ts';
import { pruneLoop } from './prune-log.ts';

/** The log of the same machine has them all: this spares the reading of what is young. */
const payloadBytesMax = 32 * 1024 * 1024;

/** What embedded mode needs to know, resolved from the configuration. */
export interface EmbeddedSettings {
  /** `.flotilla`; simulated state lives in a folder of its own below it (C26). */
  stateDirectory: string;
  /** Null: no key is configured, so the simulator answers. */
  account: { name: string; apiKey: string; baseUrl: string | null } | null;
  tasks: ReadonlyMap<string, Omit<TaskRoute, 'account'>>;
  /** By task, of those that give answers again; null or absent: none does. */
  answers?: ReadonlyMap<string, AnswerSettings> | null;
  asIsLane: LaneBounds;
  /** Absent: off. */
  asIsCache?: CachePolicy;
  /** Absent: the submitter's own bound. */
  primesPerHour?: number;
  createsAtOnce: number;
  openBatchesMax: number;
  /** Null or absent: those in force stay. */
  caps?: readonly MoneyCap[] | null;
  timeScale: number;
  simulator: SimulatorOptions;
  logLevel: string;
  /** Where OTLP over HTTP is taken; null or absent: traces are off. */
  tracesEndpoint?: string | null;
  crashHook?: CrashHook | null;
}

/** One machine's state, opened by any number of processes; one of them is the engine. */
export interface Embedded {
  directory: string;
  isSimulated: boolean;
  accountName: string;
  log: SqliteLog;
  telemetry: CountingTelemetry;
  routing: Routing;
  timing: Timing;
  /** Null while another process is the engine. */
  engine: Engine | null;
  simulator: RunningSimulator | null;
  /** Becomes the engine unless another process is. @returns true when this process is the engine */
  becomeEngine(): Promise<boolean>;
  /** A lock among the processes of this state, by name; null while somebody has it. A killed process frees its own. */
  acquireLock(name: string): FileLock | null;
  close(): Promise<void>;
}

/** Below the state: what its engine says of itself. */
export const hintsFolder = 'hints';

/** Stands for the simulator in the log, whatever port it has today. */
const simulatedBaseUrl = 'http://simulator.invalid';
const simulatedKey = 'sk-ant-simulated';
const simulatedAccount = 'anthropic';

/** @throws FlotillaError log-unavailable | log-newer | disk-full */
export function openEmbedded(settings: EmbeddedSettings): Embedded {
  const isSimulated = settings.account === null;
  const directory = isSimulated ? join(settings.stateDirectory, 'simulated') : settings.stateDirectory;
  makeStateFolder(directory);
  const log = openSqliteLog({ directory, partitions: { settled: 1 }, writer: 'thread' });
  const accountName = settings.account?.name ?? simulatedAccount;
  const telemetry = createTelemetry({
    level: settings.logLevel,
    path: join(directory, 'flotilla.log'),
    process: 'embedded',
  });
  const embedded: Embedded = {
    directory,
    isSimulated,
    accountName,
    log,
    telemetry,
    routing: routingOf(settings, accountName),
    timing: timingFor(isSimulated ? (settings.simulator.timeScale ?? 1) : settings.timeScale),
    engine: null,
    simulator: null,
    becomeEngine: () => becomeEngine(),
    acquireLock: name => acquireFileLock(join(directory, 'locks', `${name}.lock`)),
    close: () => close(),
  };
  let lock: EngineLock | null = null;
  let traces: Traces | null = null;
  let answers: SqliteAnswerStore | null = null;
  async function becomeEngine(): Promise<boolean> {
    if (embedded.engine) return true;
    lock = acquireEngineLock(directory);
    if (!lock) return false;
    const provider = await openProvider(settings, embedded);
    traces = await openSpans(settings.tracesEndpoint ?? null, { process: 'embedded', telemetry });
    if (settings.answers) answers = openSqliteAnswerStore({ directory, now: systemClock.now });
    embedded.engine = await startEngine({
      log,
      payloads: createMemoryPayloadStore({ bytesMax: payloadBytesMax }),
      telemetry: traces ? { ...telemetry, spans: traces.spans } : telemetry,
      routing: embedded.routing,
      timing: embedded.timing,
      providers: new Map([[accountName, provider]]),
      createsAtOnce: settings.createsAtOnce,
      openBatchesMax: settings.openBatchesMax,
      caps: settings.caps ?? null,
      answers: answers && settings.answers ? { store: answers, settings: settings.answers } : null,
      ...(settings.primesPerHour === undefined ? {} : { primesPerHour: settings.primesPerHour }),
      crashHook: settings.crashHook ?? null,
      housekeeping: follower => [pruneLoop({ log, follower, clock: systemClock }), engineHintLoop(embedded, follower)],
    });
    return true;
  }
  async function close(): Promise<void> {
    await embedded.engine?.stop();
    await embedded.simulator?.close();
    embedded.engine = null;
    embedded.simulator = null;
    await traces?.close();
    traces = null;
    answers?.close();
    answers = null;
    await log.close();
    lock?.release();
  }
  return embedded;
}

/** What this engine says of itself, for screens of other processes. */
function engineHintLoop(embedded: Embedded, follower: ViewFollower): Loop {
  return workerHintLoop({
    hints: openFolderHints(join(embedded.directory, hintsFolder)),
    clock: systemClock,
    facts: {
      worker: 'engine',
      incarnation: randomUUID(),
      roles: roleNames,
      host: hostname(),
      pid: process.pid,
      startedAt: systemClock.now(),
      url: null,
    },
    isDraining: () => false,
    openLanes: () => embedded.engine?.openLanes() ?? [],
    parked: () => embedded.engine?.parked().length ?? 0,
    journalOffset: () => follower.positions.journalOffset,
    troubles: () => embedded.engine?.troubles() ?? [],
  });
}

function routingOf(settings: EmbeddedSettings, account: string): Routing {
  const tasks = [...settings.tasks].map(([name, task]) => [name, { ...task, account }] as const);
  const { asIsLane: lane, asIsCache: cache } = settings;
  const asIs = { account, lane, ...(cache === undefined ? {} : { cache }) };
  return createRouting({ tasks: new Map(tasks), asIs });
}

async function openProvider(settings: EmbeddedSettings, embedded: Embedded): Promise<BatchProvider> {
  const { httpMs, httpPerMbMs } = embedded.timing;
  const bounds = { createTimeoutMs: httpMs, createTimeoutPerMegabyteMs: httpPerMbMs, resultLineBytesMax };
  if (settings.account) {
    const { apiKey, baseUrl } = settings.account;
    return createAnthropicProvider({ apiKey, ...(baseUrl === null ? {} : { baseUrl }), ...bounds });
  }
  const { startSimulator } = await import('#services/simulator/service.ts');
  const simulator = await startSimulator({ ...settings.simulator, directory: embedded.directory });
  embedded.simulator = simulator;
  const toSimulator: typeof fetch = (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    return fetch(url.replace(simulatedBaseUrl, simulator.baseUrl), init);
  };
  return createAnthropicProvider({ apiKey: simulatedKey, baseUrl: simulatedBaseUrl, fetch: toSimulator, ...bounds });
}
