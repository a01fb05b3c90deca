import assert from 'node:assert/strict';
import { createManualClock, type ManualClock } from '#adapters/memory/create-manual-clock.ts';
import { createMemoryAnswerStore } from '#adapters/memory/create-memory-answer-store.ts';
import { createMemoryCluster, type MemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { createMemoryPayloadStore } from '#adapters/memory/create-memory-payload-store.ts';
import { createMemoryWorkQueue } from '#adapters/memory/create-memory-work-queue.ts';
import { deadLetterLine } from '#contracts/dead-letter.ts';
import { encodeJournal } from '#contracts/journal-codec.ts';
import { headerNames } from '#core/headers.ts';
import type { JournalRecord } from '#core/journal.ts';
import type { CachePolicy } from '#core/prompt-cache/cache-plan.ts';
import type { Recipe } from '#core/recipe.ts';
import { type Timing, timingFor } from '#core/timing.ts';
import type { BatchState } from '#core/view.ts';
import type { AnswerStore } from '#ports/answer-store.ts';
import type { Ids } from '#ports/ids.ts';
import type { Log, Topic } from '#ports/log.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import type { SpanSink } from '#ports/telemetry.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import { AnswerCache, type AnswerSettings } from '#runtime/answer-cache.ts';
import { type CrashHook, describeLogCall, withCrashPoints } from '#runtime/crash-points.ts';
import { ensureFleet } from '#runtime/ensure-fleet.ts';
import { ProviderAccount } from '#runtime/provider-account.ts';
import { RecipeBook } from '#runtime/recipe-book.ts';
import { createRouting, type LaneBounds, laneBoundsDefault, type Routing } from '#runtime/routing.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { Accumulator } from '#services/accumulator/service.ts';
import { Collector } from '#services/poller/collector.ts';
import { Watcher } from '#services/poller/watcher.ts';
import { Submitter } from '#services/submitter/service.ts';
import { Sweeper } from '#services/sweeper/service.ts';
import { createRecordingTelemetry, type RecordingTelemetry } from './recording-telemetry.ts';
import { ScriptedProvider } from './scripted-provider.ts';

export const accountName = 'main';

export interface TestFleetOptions {
  hasLabels?: boolean;
  /** Default 1. */
  documentPartitions?: number;
  gaps?: () => number;
  lane?: Partial<LaneBounds>;
  recipe?: Partial<Recipe>;
  /** Of tasks and of what runs as it is; absent: off. */
  cache?: CachePolicy;
  /** Default: in memory. */
  payloads?: PayloadStore;
  /** Given, the task gives answers again; the store is shared by all workers. */
  answers?: AnswerSettings;
}

/** One process as it is composed by a main: its own view, its own connection. */
export interface TestWorker {
  log: Log;
  follower: ViewFollower;
  recipes: RecipeBook;
  account: ProviderAccount;
  accumulator: Accumulator;
  submitter: Submitter;
  watcher: Watcher;
  collector: Collector;
  sweeper: Sweeper;
  telemetry: RecordingTelemetry;
}

export interface WorkerOptions {
  hook?: CrashHook;
  routing?: Routing;
  queue?: WorkQueue;
  /** False: its configuration lacks the account. */
  isConfigured?: boolean;
  createsAtOnce?: number;
  /** What the accumulator is told of batches that wait for their create. */
  readyBatches?: () => number;
  primesPerHour?: number;
  /** Where spans go; absent: traces are off. */
  spans?: SpanSink;
}

/** The real services on memory adapters and a clock that stands still; only the provider is a stand-in. */
export class TestFleet {
  readonly clock: ManualClock = createManualClock();
  readonly timing: Timing = timingFor();
  readonly cluster: MemoryCluster;
  readonly provider: ScriptedProvider;
  readonly payloads: PayloadStore;
  /** May be replaced: what was in it is lost. */
  answerStore: AnswerStore;
  readonly #answers: AnswerSettings | undefined;
  readonly ids = createCountingIds();
  readonly routing: Routing;
  readonly queue: WorkQueue;
  #hints: WorkQueue;
  readonly #lane: Partial<LaneBounds>;
  readonly #recipe: Partial<Recipe>;
  readonly #cache: { cache?: CachePolicy };
  #workers = 0;

  constructor(options: TestFleetOptions = {}) {
    const { hasLabels = false, documentPartitions: documents = 1, gaps, lane = {}, recipe = {} } = options;
    const { now, sleep } = this.clock;
    const partitions = { documents, settled: 2 };
    this.cluster = createMemoryCluster({ partitions, now, sleep, ...(gaps ? { gaps } : {}) });
    this.provider = new ScriptedProvider({ clock: this.clock, hasLabels });
    this.payloads = options.payloads ?? createMemoryPayloadStore({ bytesMax: 64 * 1024 * 1024 });
    this.#hints = createMemoryWorkQueue({ clock: this.clock });
    this.queue = {
      add: job => this.#hints.add(job),
      take: (name, options) => this.#hints.take(name, options),
      done: (name, id) => this.#hints.done(name, id),
      postpone: (name, id, delayMs) => this.#hints.postpone(name, id, delayMs),
      depths: () => this.#hints.depths(),
    };
    this.answerStore = createMemoryAnswerStore({ now: this.clock.now });
    this.#answers = options.answers;
    this.#lane = lane;
    this.#recipe = { ...recipe, ...(options.answers ? { reusable: true } : {}) };
    this.#cache = options.cache ? { cache: options.cache } : {};
    this.routing = this.routingOf({ tasks: ['summarise'] });
  }

  routingOf({ tasks, hasAsIs = true }: { tasks: readonly string[]; hasAsIs?: boolean }): Routing {
    const lane = { ...laneBoundsDefault, ...this.#lane };
    const routes = tasks.map(name => {
      const recipe = { ...recipeOf(name), ...this.#recipe };
      return [name, { account: accountName, recipe, lane, ...this.#cache }] as const;
    });
    return createRouting({
      tasks: new Map(routes),
      asIs: hasAsIs ? { account: accountName, lane, ...this.#cache } : null,
    });
  }

  /** A worker whose view is at the end of the log. */
  async worker(options: WorkerOptions = {}): Promise<TestWorker> {
    const worker = this.bareWorker(options);
    await ensureFleet({ log: worker.log, follower: worker.follower, ids: this.ids });
    return worker;
  }

  /** A worker that has not read anything yet. */
  bareWorker({
    hook,
    routing = this.routing,
    queue,
    isConfigured = true,
    createsAtOnce = 4,
    readyBatches = () => 0,
    spans,
    primesPerHour = 60,
  }: WorkerOptions = {}): TestWorker {
    this.#workers += 1;
    const { clock, timing, ids } = this;
    const telemetry = createRecordingTelemetry(spans);
    const log = this.cluster.connect();
    const at = (service: string) => ({
      log: wrapped(log, `${service}.log`, hook),
      payloads: wrapped(this.payloads, `${service}.payloads`, hook),
      queue: wrapped(queue ?? this.queue, `${service}.queue`, hook),
      clock,
      ids,
      telemetry,
      routing,
      timing,
    });
    const follower = new ViewFollower(at('view').log);
    const recipes = new RecipeBook(at('recipes').log);
    const provider = wrapped(this.provider, 'provider', hook);
    const account = new ProviderAccount({ name: accountName, provider, clock, timing });
    const accounts = new Map(isConfigured ? [[accountName, account]] : []);
    const shared = { follower, recipes, accounts, ...this.#answerCache(telemetry, hook) };
    const [name, incarnation] = [`worker-${this.#workers}`, String(this.#workers)];
    return {
      log,
      follower,
      recipes,
      account,
      accumulator: new Accumulator({ ...at('accumulator'), ...shared, readyBatches }),
      submitter: new Submitter({
        ...at('submitter'),
        ...shared,
        worker: name,
        incarnation,
        createsAtOnce,
        primesPerHour,
      }),
      watcher: new Watcher(account, { ...at('poller'), ...shared }),
      collector: new Collector({ ...at('poller'), ...shared }),
      sweeper: new Sweeper({ ...at('sweeper'), ...shared }),
      telemetry,
    };
  }

  #answerCache(telemetry: RecordingTelemetry, hook: CrashHook | undefined): { answers?: AnswerCache } {
    if (!this.#answers) return {};
    const store = wrapped(this.answerStore, 'answers', hook);
    return { answers: new AnswerCache({ store, telemetry, settings: new Map([['summarise', this.#answers]]) }) };
  }

  /** Loses every hint. */
  flushQueue(): void {
    this.#hints = createMemoryWorkQueue({ clock: this.clock });
  }

  /** Appends documents in the provider's own shape. */
  async enqueue(count: number, options: EnqueueOptions = {}): Promise<number[]> {
    const { partition = 0, headers = {}, prefix = 'document' } = options;
    const records = Array.from({ length: count }, (_, index) => {
      return { key: null, value: Buffer.from(options.value ?? asIsLine(`${prefix}-${index}`)), headers };
    });
    const log = this.cluster.connect();
    return (await log.append({ topic: 'documents', partition, records })).offsets;
  }

  async append(...records: JournalRecord[]): Promise<void> {
    const log = this.cluster.connect();
    for (const record of records) {
      const value = encodeJournal(record);
      await log.append({ topic: 'journal', partition: 0, records: [{ key: null, value, headers: {} }] });
    }
  }

  /** The input of a run is complete. */
  async endRun(run: string): Promise<void> {
    const position = { group: `run.${run}`, topic: 'documents', partition: 0, offset: 0 } as const;
    await this.cluster.connect().commitPosition({ ...position, metadata: '{"isComplete":true}' });
  }

  /** Every journal record of a kind, parsed. */
  journal<Kind extends JournalRecord['kind']>(kind: Kind): Extract<JournalRecord, { kind: Kind }>[] {
    return this.read<JournalRecord>('journal').filter(record => record.kind === kind) as never;
  }

  read<T>(topic: Topic): T[] {
    const partitions = topic === 'settled' ? 2 : 1;
    return Array.from({ length: partitions }, (_, partition) => this.cluster.committed(topic, partition))
      .flat()
      .map(({ value }) => JSON.parse(Buffer.from(value).toString('utf8')) as T);
  }

  results(): TestResult[] {
    return this.read('results');
  }

  deadLetters(): TestDeadLetter[] {
    return this.cluster
      .committed('dead-letters', 0)
      .map(record => JSON.parse(deadLetterLine(record)) as TestDeadLetter);
  }

  /** Each of these many documents has exactly one terminal record, and no purchase was made twice. */
  assertAnsweredOnce(count: number): void {
    const rids = this.results().map(({ rid }) => rid);
    assert.equal(new Set(rids).size, rids.length, `answered twice: ${rids.join(' ')}`);
    assert.equal(rids.length, count, 'answers');
    this.assertBoughtOnce();
  }

  assertBoughtOnce(): void {
    const bought = this.provider.batches.flatMap(({ customIds }) => customIds.map(id => id.replace(/-\w+-/, '-')));
    assert.equal(new Set(bought).size, bought.length, `bought twice: ${bought.join(' ')}`);
  }

  /** Lets everything happen that can, while time passes; batches at the provider end at once unless told otherwise. */
  async settleDown(
    worker: TestWorker,
    options: { forMs?: number; stepMs?: number; areEnding?: boolean; isOver?: () => boolean } = {},
  ): Promise<void> {
    const { forMs = 120_000, stepMs = 5_000, areEnding = true, isOver = () => false } = options;
    for (let passed = 0; passed <= forMs && !isOver(); passed += stepMs) {
      await round(worker);
      if (areEnding) this.provider.endAll();
      await this.clock.advance(stepMs);
    }
  }
}

/** One turn of every service; what fails in one turn is tried again in the next. */
export async function round(worker: TestWorker): Promise<void> {
  const { accumulator, submitter, watcher, collector, sweeper } = worker;
  const calm = async (act: () => Promise<unknown>): Promise<void> => void (await act().catch(() => {}));
  await calm(() => accumulator.runOnce());
  await calm(() => sweeper.runOnce());
  await calm(() => drain(() => submitter.runOnce({ waitMs: 0 })));
  await calm(() => watcher.runOnce());
  await calm(() => drain(() => collector.runOnce({ waitMs: 0 })));
}

/** Runs rounds while there is something to do. */
export async function drain(runOnce: () => Promise<boolean>): Promise<void> {
  for (let rounds = 0; rounds < 100; rounds++) if (!(await runOnce())) return;
  throw new Error('it never ends');
}

export interface EnqueueOptions {
  partition?: number;
  headers?: Readonly<Record<string, string>>;
  /** Names them `<prefix>-0`, `<prefix>-1`, … */
  prefix?: string;
  value?: string | Uint8Array;
}

export interface TestResult {
  custom_id: string | null;
  rid: string;
  outcome: string;
  cause?: string;
  output?: unknown;
  reused_from?: string;
  cost?: { billed_usd: string; individual_usd: string };
  attempts: number;
}

export interface TestDeadLetter {
  custom_id: string | null;
  rid: string;
  cause: string;
  original: string | null;
  original_encoding?: string;
  attempts: number;
}

export const asIsLine = (customId: string, params: Record<string, unknown> = {}): string =>
  JSON.stringify({
    custom_id: customId,
    params: {
      model: 'claude-haiku-5-5',
      max_tokens: 100,
      messages: [{ role: 'user', content: `Read ${customId}.` }],
      ...params,
    },
  });

export const taskLine = (customId: string, task = 'summarise', rest: Record<string, unknown> = {}): string =>
  JSON.stringify({ custom_id: customId, task, content: `Text of ${customId}.`, ...rest });

export const ofRun = (run: string): Record<string, string> => ({ [headerNames.run]: run });

/** The state of a batch as a worker sees it, or null when it is gone. */
export function stateOf(worker: TestWorker, bk: string): BatchState['is'] | null {
  return worker.follower.view.batches.get(bk)?.state.is ?? null;
}

const recipeOf = (task: string): Recipe => ({
  v: 1,
  task,
  provider: 'anthropic',
  model: 'claude-haiku-5-5',
  instructions: `Please ${task}.`,
  maxTokens: 100,
  outputSchema: null,
  canary: false,
  retry: { delaysMs: [10_000, 30_000, 90_000], jitter: 0 },
});

function wrapped<Port extends object>(port: Port, name: string, hook: CrashHook | undefined): Port {
  const describe = name.endsWith('.log') ? { describe: describeLogCall } : {};
  return withCrashPoints(port, { name, hook: hook ?? null, ...describe });
}

/** Ids that count: `aaaaaaaaaaab`, `aaaaaaaaaaac`, … */
function createCountingIds(): Ids {
  let next = 0;
  const letters = (length: number): string => {
    next += 1;
    let text = '';
    for (let rest = next; text.length < length; rest = Math.floor(rest / 26)) {
      text = String.fromCharCode(97 + (rest % 26)) + text;
    }
    return text;
  };
  return { batchKey: () => letters(12), nonce: () => `nonce-${letters(4)}`, fleetId: () => 'fleeta' };
}
