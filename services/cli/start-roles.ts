import { systemIds } from '#adapters/system/system-ids.ts';
import type { Role } from '#contracts/roles.ts';
import type { MoneyCap } from '#core/caps/cap-scopes.ts';
import type { DeadLetterPlace } from '#core/dead-letter-place.ts';
import type { Timing } from '#core/timing.ts';
import { isUnsent, type View } from '#core/view.ts';
import type { AnswerStore } from '#ports/answer-store.ts';
import type { BatchProvider } from '#ports/batch-provider.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { UsageReport } from '#ports/usage-report.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import { AnswerCache, type AnswerSettings } from '#runtime/answer-cache.ts';
import { type CrashHook, describeLogCall, withCrashPoints } from '#runtime/crash-points.ts';
import { ensureFleet } from '#runtime/ensure-fleet.ts';
import { hesitateWhileHeld } from '#runtime/hesitate-while-held.ts';
import type { LookTurns } from '#runtime/look-turns.ts';
import { type Loop, runLoops, type Trouble } from '#runtime/loop.ts';
import { LoopProgress } from '#runtime/loop-progress.ts';
import { measureProcess } from '#runtime/measure-process.ts';
import { measuredProvider } from '#runtime/measured-provider.ts';
import { ProviderAccount } from '#runtime/provider-account.ts';
import { putCapInForce, putCapsInForce } from '#runtime/put-cap-in-force.ts';
import { RecipeBook } from '#runtime/recipe-book.ts';
import type { Routing } from '#runtime/routing.ts';
import { ViewFollower, type ViewStart } from '#runtime/view-follower.ts';
import type { HeldBack, ShardOwners } from '#runtime/worker-peers.ts';
import { accumulatorLoops } from '#services/accumulator/loops.ts';
import { Accumulator } from '#services/accumulator/service.ts';
import { Collector } from '#services/poller/collector.ts';
import { leaveToOwners } from '#services/poller/leave-to-owners.ts';
import { pollerLoops } from '#services/poller/loops.ts';
import { Watcher } from '#services/poller/watcher.ts';
import { submitterLoops } from '#services/submitter/loops.ts';
import type { Parked } from '#services/submitter/parked-batches.ts';
import { probeLoops } from '#services/submitter/probe-account.ts';
import { Submitter } from '#services/submitter/service.ts';
import { sweeperLoops } from '#services/sweeper/loops.ts';
import { reconcileLoop } from '#services/sweeper/reconcile-loop.ts';
import { Sweeper } from '#services/sweeper/service.ts';

export interface RolesOptions {
  roles: ReadonlySet<Role>;
  /** Names this process in INTENTs, on screens and in logs. */
  worker: string;
  /** One life of it. */
  incarnation: string;
  log: Log;
  payloads: PayloadStore;
  queue: WorkQueue;
  clock: Clock;
  telemetry: Telemetry;
  routing: Routing;
  timing: Timing;
  /** By account name. */
  providers: ReadonlyMap<string, BatchProvider>;
  createsAtOnce: number;
  /** Batches of an account at the provider at the same time. */
  openBatchesMax: number;
  /** Null or absent: those in force stay. */
  caps?: readonly MoneyCap[] | null;
  /** Null or absent: no task gives answers again. */
  answers?: { store: AnswerStore; settings: ReadonlyMap<string, AnswerSettings> } | null;
  /** Calls an hour that only write a cache entry, by the journal; absent: the submitter's own bound. */
  primesPerHour?: number;
  /** What the provider says it has billed; null or absent: nobody here asks. */
  usage?: { report: UsageReport; account: string; apiKeyIds: readonly string[] } | null;
  crashHook: CrashHook | null;
  /** Where the view begins; absent: at the start of the log. */
  viewStart?: ViewStart | null;
  /** What dead letters say of where they came from; absent: of a log of our own. */
  deadLetters?: DeadLetterPlace;
  /** Who of several processes looks at an account, and who settles which shard; absent: this one. */
  turns?: LookTurns;
  shardOwners?: ShardOwners;
  /** What submitters of other processes hold back; absent: there are none. */
  heldBackElsewhere?: () => HeldBack;
  /** What else this process does now and then. */
  housekeeping: (running: RunningRoles) => Loop[];
}

/** Services of one process over one view. */
export interface RunningRoles {
  follower: ViewFollower;
  accounts: ReadonlyMap<string, ProviderAccount>;
  /** Lanes of this process's accumulator; empty without one. */
  openLanes: Accumulator['openLanes'];
  /** Batches that this process's submitter holds back; empty without one. */
  parked(): Parked[];
  /** How many of them a cap on money holds back. */
  cappedBatches(): number;
  /** What keeps some of it from working now. */
  troubles(): Trouble[];
  progress: LoopProgress;
  /** Stops the loops; what is under way is finished or found again. Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

/**
 * Starts the services of some roles over whatever adapters it is given.
 * @throws FlotillaError log-recreated | log-newer | invalid-config | log-unavailable
 */
export async function startRoles(options: RolesOptions): Promise<RunningRoles> {
  const { telemetry, clock, timing, roles } = options;
  const follower = new ViewFollower(portsOf(options, 'view').log, options.viewStart ?? null);
  follower.view.lessons.timeScale = timing.scale;
  await ensureFleet({ log: options.log, follower, ids: systemIds });
  for (const name of options.providers.keys()) {
    await putCapInForce(follower, { scope: `account:${name}:batches`, period: 'total', limit: options.openBatchesMax });
  }
  if (options.caps) await putCapsInForce(follower, options.caps);
  measureProcess({ log: options.log, queue: options.queue, clock, telemetry, follower });
  const accounts = new Map(
    [...options.providers].map(([name, bare]) => {
      const measured = measuredProvider(bare, { telemetry, clock });
      const provider = withCrashPoints(measured, { name: 'provider', hook: options.crashHook });
      return [name, new ProviderAccount({ name, provider, clock, timing })] as const;
    }),
  );
  const answers = openAnswers(options);
  const recipes = new RecipeBook(portsOf(options, 'recipes').log);
  const shared = { follower, recipes, accounts, ...(answers ? { answers } : {}) };
  const submitter = roles.has('submitter') ? createSubmitter(options, shared) : null;
  const accumulator = roles.has('accumulator') ? createAccumulator(options, shared, submitter) : null;
  const progress = new LoopProgress(clock);
  const stopping = new AbortController();
  const troubles = new Map<Loop, Trouble>();
  let ended: Promise<void> = Promise.resolve();
  const running: RunningRoles = {
    follower,
    accounts,
    openLanes: () => accumulator?.openLanes() ?? [],
    parked: () => submitter?.parked() ?? [],
    cappedBatches: () => submitter?.cappedBatches() ?? 0,
    troubles: () => [...troubles.values()],
    progress,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
  const loops = [
    ...(accumulator ? accumulatorLoops(accumulator) : []),
    ...(submitter ? submitterLoops(submitter, options.createsAtOnce) : []),
    // A poller's looks show what becomes of an account; without one nobody here would ask.
    ...(submitter && !roles.has('poller') ? probeLoops([...accounts.values()], { follower, clock, timing }) : []),
    ...(roles.has('poller') ? createPoller(options, shared) : []),
    ...(roles.has('sweeper') ? createSweeper(options, shared) : []),
    ...options.housekeeping(running),
  ];
  const onTrouble = (loop: Loop, trouble: Trouble | null): void => {
    if (trouble) troubles.set(loop, trouble);
    else troubles.delete(loop);
  };
  const watched = loops.map(loop => progress.watch(loop));
  ended = runLoops(watched, { clock, telemetry, signal: stopping.signal, onTrouble });
  return running;
}

interface Shared {
  follower: ViewFollower;
  recipes: RecipeBook;
  accounts: ReadonlyMap<string, ProviderAccount>;
  answers?: AnswerCache;
}

type Ports = Pick<RolesOptions, 'log' | 'payloads' | 'queue' | 'clock' | 'telemetry' | 'routing' | 'timing'> & {
  ids: typeof systemIds;
};

function openAnswers({ answers, telemetry, crashHook: hook }: RolesOptions): AnswerCache | null {
  if (!answers) return null;
  const store = withCrashPoints(answers.store, { name: 'answers', hook });
  return new AnswerCache({ store, telemetry, settings: answers.settings });
}

/** The ports as one service gets them: with its crash points. */
function portsOf(options: RolesOptions, service: string): Ports {
  const { clock, telemetry, routing, timing, crashHook: hook } = options;
  return {
    log: withCrashPoints(options.log, { name: `${service}.log`, hook, describe: describeLogCall }),
    payloads: withCrashPoints(options.payloads, { name: `${service}.payloads`, hook }),
    queue: withCrashPoints(options.queue, { name: `${service}.queue`, hook }),
    clock,
    ids: systemIds,
    telemetry,
    routing,
    timing,
  };
}

function createSubmitter(options: RolesOptions, shared: Shared): Submitter {
  const { worker, incarnation, createsAtOnce } = options;
  const ports = portsOf(options, 'submitter');
  const queue = amongOthers(ports.queue, options, shared);
  const { primesPerHour } = options;
  const bound = primesPerHour === undefined ? {} : { primesPerHour };
  return new Submitter({ ...ports, ...shared, queue, worker, incarnation, createsAtOnce, ...bound });
}

/** Alone there is nobody to leave a job to. */
const amongOthers = (queue: WorkQueue, { shardOwners, clock }: RolesOptions, shared: Shared): WorkQueue =>
  shardOwners ? hesitateWhileHeld(queue, { ...shared, clock }) : queue;

function createAccumulator(options: RolesOptions, shared: Shared, submitter: Submitter | null): Accumulator {
  const { heldBackElsewhere: elsewhere = () => ({ parked: 0, capped: 0 }) } = options;
  const parked = (): number => Math.max(submitter?.parked().length ?? 0, elsewhere().parked);
  return new Accumulator({
    ...portsOf(options, 'accumulator'),
    ...shared,
    canPrime: options.primesPerHour !== 0,
    readyBatches: () => unsentBatches(shared.follower.view) - parked(),
    cappedBatches: () => Math.max(submitter?.cappedBatches() ?? 0, elsewhere().capped),
  });
}

function createPoller(options: RolesOptions, shared: Shared): Loop[] {
  const { turns, shardOwners: owners, log, deadLetters } = options;
  const ports = { ...portsOf(options, 'poller'), ...shared };
  const watched = { ...ports, ...(turns ? { turns } : {}) };
  const watchers = [...shared.accounts.values()].map(account => new Watcher(account, watched));
  const hesitant = amongOthers(ports.queue, options, shared);
  const queue = owners ? leaveToOwners(hesitant, { owners, shards: log.partitions('settled') }) : hesitant;
  return pollerLoops({
    watchers,
    collector: new Collector({ ...ports, queue, ...(deadLetters ? { deadLetters } : {}) }),
    collectsAtOnce: 2 * options.createsAtOnce,
  });
}

function createSweeper(options: RolesOptions, shared: Shared): Loop[] {
  const ports = { ...portsOf(options, 'sweeper'), ...shared };
  const reconciling = options.usage ? [reconcileLoop({ ...ports, ...options.usage })] : [];
  return [...sweeperLoops(new Sweeper(ports), options), ...reconciling];
}

function unsentBatches({ batches }: View): number {
  let count = 0;
  for (const batch of batches.values()) if (isUnsent(batch)) count += 1;
  return count;
}
