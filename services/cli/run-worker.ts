import { randomUUID } from 'node:crypto';
import { openMetrics } from '#adapters/otel/open-metrics.ts';
import { createTelemetry } from '#adapters/pino/create-telemetry.ts';
import { systemClock } from '#adapters/system/system-clock.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import type { CommandContext } from './command-context.ts';
import { crashHookFrom } from './crash-hook.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { requireFleet } from './fleet-log.ts';
import { type Readiness, startHealthServer } from './health/health-server.ts';
import { openSpans } from './open-spans.ts';
import { startWorker, type Worker } from './start-worker.ts';
import { version } from './version.ts';
import { handedOverInWords } from './worker/hand-over.ts';
import { openWithPatience } from './worker/open-with-patience.ts';
import { watchLiveness } from './worker/watch-liveness.ts';
import { livenessOf, readinessOf } from './worker/worker-health.ts';

export interface RunWorkerOptions {
  settings: LoadedConfig;
  context: CommandContext;
  /** Aborted when the process shall stop. */
  signal: AbortSignal;
}

/** Of the ten seconds that a stop may take: for what is under way, then for leaving the group and closing. */
const drainMsMax = 7_000;
const closeMsMax = 1_000;
const endMsMax = 500;

type Stage = { is: 'opening'; trouble: string | null } | { is: 'working'; fleet: Fleet; worker: Worker };

/**
 * Serves health at once, opens the fleet, works until told to stop, and hands over.
 * @throws FlotillaError worker-stalled when it reads nothing although there is something; whatever opening throws
 */
export async function runWorker({ settings, context, signal }: RunWorkerOptions): Promise<void> {
  const { worker: who } = requireFleet(settings);
  const { host, port } = settings.config.http;
  const metrics = openMetrics({
    version: version(),
    node: process.version,
    residentBytes: () => process.memoryUsage.rss(),
  });
  const bare = createTelemetry({ level: settings.config.log.level, path: '-', process: who.name, metrics });
  const tracesEndpoint = settings.config.traces.endpoint ?? null;
  const traces = await openSpans(tracesEndpoint, { process: who.name, telemetry: bare });
  const telemetry = traces ? { ...bare, spans: traces.spans } : bare;
  let stage: Stage = { is: 'opening', trouble: null };
  const server = await startHealthServer({
    host,
    port,
    readiness: () => readinessIn(stage),
    liveness: () => (stage.is === 'working' ? livenessOf(stage.fleet, stage.worker) : []),
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
  });
  await announce(context, { url: server.url, worker: who.name, roles: who.roles });
  try {
    const incarnation = randomUUID();
    const onTrouble = (trouble: string): void => {
      stage = { is: 'opening', trouble };
      telemetry.note('warn', 'fleet-unreachable', { why: trouble });
    };
    const patience = { clock: systemClock, signal, onTrouble };
    const fleet = await openWithPatience(() => openFleet({ settings, telemetry, incarnation }), patience);
    if (fleet === null) return; // told to stop before there was anything
    try {
      const { snapshotDirectory } = requireFleet(settings);
      const crashHook = crashHookFrom(context.env);
      const start = () => startWorker({ ...who, fleet, incarnation, snapshotDirectory, url: server.url, crashHook });
      const worker = await openWithPatience(start, patience);
      if (worker === null) return;
      stage = { is: 'working', fleet, worker };
      telemetry.note('info', 'worker-started', { worker: who.name, roles: who.roles.join(','), url: server.url });
      const stuck = await watchLiveness(() => livenessOf(fleet, worker), { clock: systemClock, signal });
      const handedOver = await worker.drain(drainMsMax);
      telemetry.note('info', 'worker-stopped', { ...handedOver, unfinished: handedOver.unfinished.join(',') });
      context.say(`${who.name} ${handedOverInWords(handedOver)}\n`);
      if (stuck) throw new FlotillaError('worker-stalled', { where: who.name, why: stuck });
    } finally {
      await within(closeMsMax, fleet.close());
    }
  } finally {
    await within(closeMsMax, Promise.all([server.close(), metrics.close(), traces?.close()]));
    endSoon();
  }
}

/** What cannot be closed in time is closed by the end of the process. */
async function within(limitMs: number, closing: Promise<unknown>): Promise<void> {
  const enough = new AbortController();
  await Promise.race([closing.catch(() => {}), systemClock.sleep(limitMs, enough.signal)]);
  enough.abort();
}

/** A call that is still under way must not keep a process that was told to stop. */
function endSoon(): void {
  setTimeout(() => process.exit(), endMsMax).unref();
}

async function readinessIn(stage: Stage): Promise<Readiness[]> {
  if (stage.is === 'working') return readinessOf(stage.fleet, stage.worker);
  return [{ name: 'fleet', isOk: false, found: stage.trouble ?? 'being opened' }];
}

async function announce(
  { isJson, out, say }: CommandContext,
  facts: { url: string; worker: string; roles: readonly string[] },
): Promise<void> {
  if (isJson) await out(`${JSON.stringify(facts)}\n`);
  else say(`flotilla worker ${facts.worker} (${facts.roles.join(', ')}): ${facts.url}/healthz /readyz /metrics\n`);
}
