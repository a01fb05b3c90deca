import type { AnswerStore } from '#ports/answer-store.ts';
import type { BatchProvider } from '#ports/batch-provider.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import { AnswerCache } from '#runtime/answer-cache.ts';
import { type CrashHook, describeLogCall, withCrashPoints } from '#runtime/crash-points.ts';
import { ensureFleet } from '#runtime/ensure-fleet.ts';
import { runLoops } from '#runtime/loop.ts';
import { ProviderAccount } from '#runtime/provider-account.ts';
import { putCapsInForce } from '#runtime/put-cap-in-force.ts';
import { RecipeBook } from '#runtime/recipe-book.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { accumulatorLoops } from '#services/accumulator/loops.ts';
import { Accumulator } from '#services/accumulator/service.ts';
import { Collector } from '#services/poller/collector.ts';
import { pollerLoops } from '#services/poller/loops.ts';
import { Watcher } from '#services/poller/watcher.ts';
import { submitterLoops } from '#services/submitter/loops.ts';
import { Submitter } from '#services/submitter/service.ts';
import { sweeperLoops } from '#services/sweeper/loops.ts';
import { Sweeper } from '#services/sweeper/service.ts';
import type { Broker } from './broker.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { simulatedAnswers, simulatedTasks } from './documents.ts';
import type { CrashPoint, Fates } from './fate.ts';
import { FaultyLog } from './faulty-log.ts';
import { createLifeClock, type Life } from './life.ts';
import type { MoneyCaps } from './money-caps.ts';
import type { Prefixes } from './prefixes.ts';
import { accountName, type ProviderWorld } from './provider-world.ts';
import { createSeededIds } from './seeded-ids.ts';
import { simulationTiming as timing } from './settings.ts';
import type { SimulatedQueue } from './simulated-queue.ts';
import { createSimulatedTelemetry } from './simulated-telemetry.ts';
import type { World } from './world.ts';

/** What all workers of a run meet. */
export interface Surroundings {
  world: World;
  broker: Broker;
  provider: ProviderWorld;
  queue: SimulatedQueue;
  payloads: PayloadStore;
  answers: AnswerStore;
  group: ConsumerGroup;
  fates: Fates;
  prefixes: Prefixes;
  moneyCaps: MoneyCaps;
}

const loopsAtOnce = 2;

/** A worker process: the real services on the real loops, killed, frozen and born again. */
export class Worker {
  readonly number: number;
  readonly #around: Surroundings;
  #life: Life | null = null;
  #incarnation = 0;

  constructor(number: number, around: Surroundings) {
    this.number = number;
    this.#around = around;
  }

  get life(): Life | null {
    return this.#life;
  }

  boot(): void {
    const { world, broker, group } = this.#around;
    this.#incarnation += 1;
    const life = this.#bear();
    this.#life = life;
    world.note('worker', this.number, 'boots', this.#incarnation, `clock ${life.clockOffsetMs}`, life.workspace);
    const connection = broker.cluster.connect();
    group.join(life, connection);
    const log = new FaultyLog({ world, broker, inner: connection, life });
    this.#work(life, log).catch((error: unknown) => {
      if (life.isDead) return;
      world.hit('boot failed');
      world.note('worker', this.number, 'boot failed', String(error));
      this.#die(life);
    });
  }

  kill(): void {
    if (this.#life && !this.#life.isDead) this.#die(this.#life);
  }

  /** Whether an operator has something to mend: a wrong key, a wrong clock, a bound that is too small. */
  get isOdd(): boolean {
    const life = this.#life;
    if (!life || life.isDead) return false;
    return life.workspace !== 'main' || Math.abs(life.clockOffsetMs) > timing.clockOffMs || life.listPagesMax !== null;
  }

  #bear(): Life {
    const { world } = this.#around;
    const { random, setting, time } = world;
    let clockOffsetMs = random.between(-5_000, 5_000);
    if (world.fault(0.04 * setting.wrongClocks, 'worker clock far off')) {
      clockOffsetMs = random.between(80_000, 120_000) * (random.chance(0.5) ? 1 : -1);
    }
    if (setting.areClocksAhead) clockOffsetMs = random.between(5_000, 7_000);
    // Who boots first pins the account's owner, and that one has the right key.
    const isElsewhere = time.now > 10_000 && world.fault(0.06 * setting.wrongKeys, 'key of another workspace');
    return {
      worker: this.number,
      incarnation: this.#incarnation,
      isDead: false,
      frozeAt: 0,
      frozenUntil: 0,
      clockOffsetMs,
      suspendedMs: 0,
      beatAt: time.now,
      workspace: isElsewhere ? 'elsewhere' : 'main',
      listPagesMax: world.fault(0.1 * setting.shortLists, 'list bound small') ? random.between(1, 2) : null,
    };
  }

  #die(life: Life): void {
    const { world } = this.#around;
    life.isDead = true;
    world.time.later(world.random.between(500, 8_000), () => this.boot());
  }

  #freeze(life: Life): void {
    const { time, random } = this.#around.world;
    const ms = random.between(12_000, 90_000);
    life.frozeAt = time.now;
    life.frozenUntil = Math.max(life.frozenUntil, time.now) + ms;
    if (ms % 2) life.suspendedMs += ms; // the whole machine slept, and its monotonic clock with it
  }

  async #work(life: Life, log: FaultyLog): Promise<void> {
    const { world, provider, queue, payloads, prefixes, moneyCaps } = this.#around;
    const { routing } = prefixes;
    const hook = this.#hookOf(life);
    const clock = createLifeClock(world, life);
    const ids = createSeededIds(world.random);
    const telemetry: Telemetry = createSimulatedTelemetry(world, life);
    const jobs = queue.connect(life);
    const at = (service: string) => ({
      log: withCrashPoints(log, { name: `${service}.log`, hook, describe: describeLogCall }),
      payloads: withCrashPoints(payloads, { name: `${service}.payloads`, hook }),
      queue: withCrashPoints(jobs, { name: `${service}.queue`, hook, describe: (_method, args) => queueOf(args) }),
      clock,
      ids,
      telemetry,
      routing,
      timing,
      ...(life.listPagesMax === null ? {} : { listPagesMax: life.listPagesMax }),
    });
    const follower = new ViewFollower(at('view').log);
    prefixes.teach(follower.view.lessons);
    await ensureFleet({ log, follower, ids });
    const caps = moneyCaps.ofWorker();
    if (caps) await putCapsInForce(follower, caps);
    const recipes = new RecipeBook(at('recipes').log);
    const connected = provider.connect(life);
    const port = withCrashPoints(world.setting.pausesAtSend ? this.#pausing(connected, life) : connected, {
      name: 'provider',
      hook,
    });
    const account = new ProviderAccount({ name: accountName, provider: port, clock, timing });
    const answers = world.setting.reusesAnswers ? { answers: this.#answerCache(hook, telemetry) } : {};
    const shared = { follower, recipes, accounts: new Map([[accountName, account]]), ...answers };
    const [worker, incarnation] = [`w${this.number}`, String(life.incarnation)];
    const { primesPerHour } = prefixes;
    const submitter = new Submitter({ ...at('submitter'), ...shared, worker, incarnation, primesPerHour });
    const cappedBatches = (): number => submitter.cappedBatches();
    const accumulator = new Accumulator({ ...at('accumulator'), ...shared, cappedBatches });
    const collector = new Collector({ ...at('poller'), ...shared });
    const watcher = new Watcher(account, { ...at('poller'), ...shared });
    const sweeper = new Sweeper({ ...at('sweeper'), ...shared });
    const loops = [
      ...accumulatorLoops(accumulator),
      ...submitterLoops(submitter, loopsAtOnce),
      ...pollerLoops({ watchers: [watcher], collector, collectsAtOnce: loopsAtOnce }),
      ...sweeperLoops(sweeper, { clock, timing }),
    ];
    await runLoops(loops, { clock, telemetry, signal: new AbortController().signal });
  }

  #answerCache(hook: CrashHook, telemetry: Telemetry): AnswerCache {
    const store = withCrashPoints(this.#around.answers, { name: 'answers', hook });
    const settings = new Map(simulatedTasks.map(task => [task, simulatedAnswers] as const));
    return new AnswerCache({ store, telemetry, settings });
  }

  /** Frozen between the last look at the deadline and the write: the residual hole, which no protocol closes (protocol §1). */
  #pausing(provider: BatchProvider, life: Life): BatchProvider {
    const { world } = this.#around;
    return {
      ...provider,
      create: async (request, signal) => {
        const isInTime = request.isInTime();
        if (isInTime && world.fault(0.1, 'frozen between check and send')) {
          await world.time.sleep(world.random.between(70_000, 120_000), { owner: life });
        }
        return provider.create({ ...request, isInTime: () => isInTime }, signal);
      },
    };
  }

  /** Every crash point of this life: it may be the last one, or take a long time, or a few milliseconds. */
  #hookOf(life: Life): CrashHook {
    const { world, fates } = this.#around;
    const { time } = world;
    return label => {
      if (life.isDead) return new Promise(() => {});
      life.beatAt = time.now;
      const point = fates.pass(label);
      world.pass(this.number, point.number);
      const fate = fates.fateAt(point);
      if (fate) {
        world.hit(`worker ${fate}`);
        world.note('worker', this.number, fate, label);
      }
      if (fate === 'kill') {
        this.#die(life);
        return new Promise(() => {});
      }
      if (fate === 'freeze') this.#freeze(life);
      const ms = this.#delayOf(point);
      return ms === 0 && life.frozenUntil <= time.now ? undefined : time.sleep(ms, { owner: life });
    };
  }

  #delayOf({ label, place, isProvider }: CrashPoint): number {
    const { random } = this.#around.world;
    if (isProvider) return random.between(5, label.endsWith('after') ? 300 : 50);
    if (place !== 'effect' && random.chance(0.75)) return 0;
    return random.between(1, 15);
  }
}

/** The queue of a job, so that each has crash points of its own. */
function queueOf([first]: readonly unknown[]): string | null {
  if (typeof first === 'string') return first;
  return first !== null && typeof first === 'object' && 'queue' in first ? String(first.queue) : null;
}
