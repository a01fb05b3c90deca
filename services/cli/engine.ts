import { randomUUID } from 'node:crypto';
import { createMemoryWorkQueue } from '#adapters/memory/create-memory-work-queue.ts';
import { systemClock } from '#adapters/system/system-clock.ts';
import { systemIds } from '#adapters/system/system-ids.ts';
import type { Timing } from '#core/timing.ts';
import { isUnsent, type View } from '#core/view.ts';
import type { BatchProvider } from '#ports/batch-provider.ts';
import type { Log } from '#ports/log.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import { type CrashHook, describeLogCall, withCrashPoints } from '#runtime/crash-points.ts';
import { ensureFleet } from '#runtime/ensure-fleet.ts';
import { type Loop, runLoops, type Trouble } from '#runtime/loop.ts';
import { ProviderAccount } from '#runtime/provider-account.ts';
import { putCapInForce } from '#runtime/put-cap-in-force.ts';
import { RecipeBook } from '#runtime/recipe-book.ts';
import type { Routing } from '#runtime/routing.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { accumulatorLoops } from '#services/accumulator/loops.ts';
import { Accumulator } from '#services/accumulator/service.ts';
import { Collector } from '#services/poller/collector.ts';
import { pollerLoops } from '#services/poller/loops.ts';
import { Watcher } from '#services/poller/watcher.ts';
import { submitterLoops } from '#services/submitter/loops.ts';
import { type Parked, Submitter } from '#services/submitter/service.ts';
import { sweeperLoops } from '#services/sweeper/loops.ts';
import { Sweeper } from '#services/sweeper/service.ts';

export interface EngineOptions {
  log: Log;
  payloads: PayloadStore;
  telemetry: Telemetry;
  routing: Routing;
  timing: Timing;
  /** By account name. */
  providers: ReadonlyMap<string, BatchProvider>;
  createsAtOnce: number;
  /** Batches of an account at the provider at the same time. */
  openBatchesMax: number;
  crashHook: CrashHook | null;
  /** What else this machine's engine does now and then. */
  housekeeping: (follower: ViewFollower) => Loop[];
}

/** All services of one machine in one process, over one view. */
export interface Engine {
  follower: ViewFollower;
  accounts: ReadonlyMap<string, ProviderAccount>;
  openLanes: Accumulator['openLanes'];
  parked(): Parked[];
  /** What keeps some of it from working now. */
  troubles(): Trouble[];
  /** Stops the loops; what is under way is finished or found again. Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

/**
 * Starts accumulator, submitter, poller and sweeper. The caller holds the engine lock.
 * @throws FlotillaError log-recreated | log-newer | invalid-config | log-unavailable
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { telemetry, routing, timing, crashHook: hook } = options;
  const clock = systemClock;
  const ids = systemIds;
  const queue = createMemoryWorkQueue({ clock });
  const at = (service: string) => ({
    log: withCrashPoints(options.log, { name: `${service}.log`, hook, describe: describeLogCall }),
    payloads: withCrashPoints(options.payloads, { name: `${service}.payloads`, hook }),
    queue: withCrashPoints(queue, { name: `${service}.queue`, hook }),
    clock,
    ids,
    telemetry,
    routing,
    timing,
  });
  const follower = new ViewFollower(at('view').log);
  await ensureFleet({ log: options.log, follower, ids });
  for (const name of options.providers.keys()) {
    await putCapInForce(follower, { scope: `account:${name}:batches`, period: 'total', limit: options.openBatchesMax });
  }
  const recipes = new RecipeBook(at('recipes').log);
  const accounts = new Map(
    [...options.providers].map(([name, bare]) => {
      const provider = withCrashPoints(bare, { name: 'provider', hook });
      return [name, new ProviderAccount({ name, provider, clock, timing })] as const;
    }),
  );
  const shared = { follower, recipes, accounts };
  const [worker, incarnation] = ['engine', randomUUID()];
  const { createsAtOnce } = options;
  const submitter = new Submitter({ ...at('submitter'), ...shared, worker, incarnation, createsAtOnce });
  const readyBatches = (): number => unsentBatches(follower.view) - submitter.parked().length;
  const accumulator = new Accumulator({ ...at('accumulator'), ...shared, readyBatches });
  const collector = new Collector({ ...at('poller'), ...shared });
  const watchers = [...accounts.values()].map(account => new Watcher(account, { ...at('poller'), ...shared }));
  const sweeper = new Sweeper({ ...at('sweeper'), ...shared });
  const loops = [
    ...accumulatorLoops(accumulator),
    ...submitterLoops(submitter, createsAtOnce),
    ...pollerLoops({ watchers, collector, collectsAtOnce: 2 * createsAtOnce }),
    ...sweeperLoops(sweeper, { clock, timing }),
    ...options.housekeeping(follower),
  ];
  const stopping = new AbortController();
  const troubles = new Map<Loop, Trouble>();
  const onTrouble = (loop: Loop, trouble: Trouble | null): void => {
    if (trouble) troubles.set(loop, trouble);
    else troubles.delete(loop);
  };
  const running = runLoops(loops, { clock, telemetry, signal: stopping.signal, onTrouble });
  return {
    follower,
    accounts,
    openLanes: () => accumulator.openLanes(),
    parked: () => submitter.parked(),
    troubles: () => [...troubles.values()],
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function unsentBatches({ batches }: View): number {
  let count = 0;
  for (const batch of batches.values()) if (isUnsent(batch)) count += 1;
  return count;
}
