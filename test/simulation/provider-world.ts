import { parseCustomId } from '#core/custom-id.ts';
import type {
  BatchProvider,
  CreateOutcome,
  ListedBatch,
  NotBought,
  PrimeOutcome,
  PrimeRequest,
  ReplyFacts,
  ResultRead,
} from '#ports/batch-provider.ts';
import type { BatchRecord } from '#services/simulator/machine/batch-record.ts';
import { organizationId, workspaceId } from '#services/simulator/machine/owner.ts';
import { SimulatorMachine } from '#services/simulator/machine/simulator-machine.ts';
import type { BatchItem } from '#services/simulator/machine/validate-envelope.ts';
import { createSimulatedProvider } from '#services/simulator/simulated-provider.ts';
import { createMemoryStore } from '#services/simulator/store/memory-store.ts';
import type { SimulatorStore } from '#services/simulator/store/simulator-store.ts';
import { calmPlan, faultPlanOf } from './fault-plans.ts';
import type { Life } from './life.ts';
import { hasWeather, simulationTiming } from './settings.ts';
import { epoch, type World } from './world.ts';

export const accountName = 'main';
export const providerBaseUrl = 'https://simulated.invalid';
export const ownerOf = (workspace: string): string => `${organizationId}/${workspaceId(workspace)}`;

/** What the world knows of a batch at the provider beside the machine's record. */
export interface ProviderBatch {
  record: BatchRecord;
  customIds: readonly string[];
  /** As they came. */
  bodies: readonly string[];
  bk: string | null;
  /** With labels: before this time it shows no count and does not end. */
  validAt: number;
  /** With labels: it ends as a whole, `queue-full`, and nothing of it is executed. */
  hasFailed: boolean;
  /** The worker was told its id. */
  isAnswered: boolean;
  /** It ended without a single line, for ever; null until it is looked at. */
  isEmpty: boolean | null;
}

/** Called when a batch of ours was made, and when one of ours is canceled. */
export interface ProviderWatch {
  landed(batch: ProviderBatch): void;
  canceled(batch: ProviderBatch): void;
}

const listPageItems = 6;

/** The provider as all workers meet it: the simulator's machine, and what only a port of another kind can do wrong. */
export class ProviderWorld {
  readonly machine: SimulatorMachine;
  readonly store: SimulatorStore;
  readonly bySeq = new Map<number, ProviderBatch>();
  readonly byPid = new Map<string, ProviderBatch>();
  isDown = false;
  watch: ProviderWatch | null = null;
  creates = 0;
  /** Primes that were executed, in the order of the bill, with what was sent. */
  readonly executedPrimes: { id: string; text: string }[] = [];
  readonly #world: World;
  readonly #clockOffsetMs: number;
  readonly #itemsMax: number;
  #added: { seq: number; items: readonly BatchItem[] }[] = [];

  constructor(world: World) {
    const { random, setting, seed } = world;
    this.#world = world;
    this.#clockOffsetMs = random.between(-5_000, 5_000);
    this.#itemsMax = hasWeather(setting) && setting.hasFaults && random.chance(0.3) ? random.between(1, 3) : 9;
    const [minMs, maxMs] = setting.lifeMs;
    this.store = this.#watchedStore(createMemoryStore());
    this.machine = new SimulatorMachine({
      store: this.store,
      seed,
      timeScale: setting.providerScale,
      latency: { minMs: minMs * setting.providerScale, maxMs: maxMs * setting.providerScale },
      faults: faultPlanOf(setting, random),
    });
  }

  get now(): number {
    return Math.floor(epoch + this.#world.time.now + this.#clockOffsetMs);
  }

  /** Faults end: an honest provider from now on. */
  calm(): void {
    this.isDown = false;
    this.machine.faults.replacePlan(calmPlan);
  }

  /** The port of one worker's life. */
  connect(life: Life): BatchProvider {
    const { time, setting } = this.#world;
    const bareOf = (machine: SimulatorMachine): BatchProvider =>
      createSimulatedProvider({
        machine,
        workspace: life.workspace,
        now: () => this.now,
        schedule: (ms, run) => void time.later(ms, () => this.#noticing(run)),
        isDown: () => this.isDown,
        baseUrl: providerBaseUrl,
        hangMaxMs: simulationTiming.httpMs,
      });
    const bare = bareOf(this.machine);
    return {
      ...bare,
      hasLabels: setting.hasLabels,
      create: (request, signal) => this.#create(bare, request, signal, life),
      list: async ({ cursor, limit }) => {
        const asked = { limit: Math.min(limit, listPageItems), ...(cursor === undefined ? {} : { cursor }) };
        const page = await bare.list(asked);
        return { ...page, batches: page.batches.map(listed => this.#listed(listed)) };
      },
      results: async pid => this.#results(pid, await bare.results(pid)),
      cancel: async pid => this.#cancel(bare, pid),
      prime: (request, signal) => this.#prime(bareOf(this.#notingPrime(request.id)), request, signal, life),
    };
  }

  async #create(
    bare: BatchProvider,
    request: Parameters<BatchProvider['create']>[0],
    signal: AbortSignal,
    life: Life,
  ): Promise<CreateOutcome> {
    const { random, time } = this.#world;
    this.creates += 1;
    if (this.isDown && random.chance(0.5)) return this.#ambiguous(life, 'nobody answered');
    if (request.items.length > this.#itemsMax) {
      this.#world.hit('413');
      return refusedAsTooLarge({ owner: ownerOf(life.workspace), serverDate: null });
    }
    const startedAt = time.now;
    const outcome = await this.#noticing(() => bare.create(request, signal));
    if (outcome.status === 'created') (this.byPid.get(outcome.pid) as ProviderBatch).isAnswered = true;
    if (outcome.status === 'refused') this.#world.hit('create refused');
    if (outcome.status !== 'ambiguous') return outcome;
    this.#world.hit('create unanswered');
    const restMs = startedAt + simulationTiming.httpMs - time.now;
    if (restMs > 0) await time.sleep(random.between(0, restMs), { owner: life });
    return outcome;
  }

  /** The machine as one prime meets it: what is executed, now or later, is known by its id. */
  #notingPrime(id: string): SimulatorMachine {
    const createMessage: SimulatorMachine['createMessage'] = call => {
      const reply = this.machine.createMessage(call);
      if (reply.status === 'done') this.executedPrimes.push({ id, text: JSON.stringify(call.params) });
      return reply;
    };
    return new Proxy(this.machine, {
      get(machine, name) {
        if (name === 'createMessage') return createMessage;
        const member: unknown = Reflect.get(machine, name, machine);
        return typeof member === 'function' ? member.bind(machine) : member;
      },
    });
  }

  async #prime(bare: BatchProvider, request: PrimeRequest, signal: AbortSignal, life: Life): Promise<PrimeOutcome> {
    const { random, time } = this.#world;
    this.#world.hit('prime sent');
    if (this.isDown && random.chance(0.5)) return this.#ambiguous(life, 'nobody answered');
    const outcome = await bare.prime(request, signal);
    if (outcome.status !== 'primed') this.#world.hit(`prime ${outcome.status}`);
    if (outcome.status === 'ambiguous') await time.sleep(random.between(0, simulationTiming.httpMs), { owner: life });
    return outcome;
  }

  async #ambiguous(life: Life, message: string): Promise<NotBought> {
    await this.#world.time.sleep(this.#world.random.between(0, simulationTiming.httpMs), { owner: life });
    return { status: 'ambiguous', message };
  }

  /** Runs what may make batches, and looks at those it made. */
  #noticing<T>(act: () => T): T {
    const result = act();
    const records = new Map(this.machine.batches(this.now).map(record => [record.seq, record]));
    for (const { seq, items } of this.#added.splice(0)) {
      const record = records.get(seq);
      if (record) this.#notice(record, items);
    }
    return result;
  }

  #notice(record: BatchRecord, items: readonly BatchItem[]): void {
    const { random, setting, time } = this.#world;
    const bk = record.isForeign ? null : (parseCustomId(items[0]?.customId ?? '')?.bk ?? null);
    const isLabelled = setting.hasLabels && bk !== null;
    const validatesLong = isLabelled && this.#world.fault(0.1, 'validating for long');
    const batch: ProviderBatch = {
      record,
      customIds: items.map(item => item.customId),
      bodies: items.map(item => item.params),
      bk,
      validAt: time.now + (validatesLong ? random.between(60_000, 120_000) : random.between(500, 8_000)),
      hasFailed: isLabelled && this.#world.fault(0.06, 'batch failed as a whole'),
      isAnswered: false,
      isEmpty: null,
    };
    this.bySeq.set(record.seq, batch);
    this.byPid.set(record.id, batch);
    // Refused at validation: nothing of it ever runs.
    if (batch.hasFailed) this.machine.cancelBatch({ workspace: record.workspace, id: record.id, now: this.now });
    this.#world.note('provider', record.id, bk ?? 'foreign', batch.customIds.join(' '));
    if (bk !== null) this.watch?.landed(batch);
  }

  #listed(listed: ListedBatch): ListedBatch {
    const batch = this.byPid.get(listed.pid);
    if (!batch || !this.#world.setting.hasLabels) return listed;
    const label =
      batch.bk === null ? null : { fleet: parseCustomId(batch.customIds[0] ?? '')?.fleet ?? '', bk: batch.bk, sub: 1 };
    if (this.#world.time.now < batch.validAt) return { ...listed, label, itemCount: 0, hasEnded: false, endedAt: null };
    return { ...listed, label, itemCount: batch.hasFailed ? 0 : listed.itemCount };
  }

  #results(pid: string, read: ResultRead): ResultRead {
    const batch = this.byPid.get(pid);
    if (!batch || read.status !== 'ended') return read;
    if (this.#world.setting.hasLabels && this.#world.time.now < batch.validAt)
      return { status: 'running', facts: read.facts };
    if (batch.hasFailed) return { ...read, lineCount: 0, wholeBatch: 'queue-full', lines: noLines() };
    batch.isEmpty ??=
      hasWeather(this.#world.setting) && this.#world.fault(batch.bk === null ? 0.1 : 0.005, 'ended empty');
    return batch.isEmpty ? { ...read, lines: noLines() } : read;
  }

  #cancel(bare: BatchProvider, pid: string): Promise<ReplyFacts> {
    const batch = this.byPid.get(pid);
    if (batch) this.watch?.canceled(batch);
    return bare.cancel(pid);
  }

  #watchedStore(store: SimulatorStore): SimulatorStore {
    return {
      ...store,
      addItems: (seq, chunk, items) => {
        this.#added.push({ seq, items });
        store.addItems(seq, chunk, items);
      },
    };
  }
}

async function* noLines(): AsyncGenerator<never> {}

const refusedAsTooLarge = (facts: ReplyFacts): CreateOutcome => ({
  status: 'refused',
  reason: 'too-large',
  httpStatus: 413,
  message: 'request_too_large',
  retryAfterMs: null,
  facts,
});
