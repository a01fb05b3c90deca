import { encodeSettled } from '#contracts/settled-codec.ts';
import { dueReuse } from '#core/answer-cache/source-states.ts';
import { answerHeaders, answerKey, deadLetterHeaders } from '#core/answer-headers.ts';
import { type DeadLetterPlace, ownDeadLetters, valueOfDeadLetter } from '#core/dead-letter-place.ts';
import { isAlone } from '#core/outcome.ts';
import type { CacheMark } from '#core/prompt-cache/cache-plan.ts';
import { wasPrimed } from '#core/prompt-cache/primes.ts';
import type { Recipe } from '#core/recipe.ts';
import { formatRid, type Rid } from '#core/rid.ts';
import { type Settlement, settleBatch } from '#core/settle/settle-batch.ts';
import type { CompleteRead } from '#core/settle/settle-context.ts';
import { resultJson, type Terminal } from '#core/terminal.ts';
import type { Timing } from '#core/timing.ts';
import { type Batch, isSettled, isSettledUnsent, retryKey } from '#core/view.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Clock } from '#ports/clock.ts';
import type { Append, Log, LogRecord, NewRecord } from '#ports/log.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import { type AnswerCache, requestKeyOf } from '#runtime/answer-cache.ts';
import { type ReadDocument, readDocuments } from '#runtime/document-reader.ts';
import { accountOf, type ProviderAccount } from '#runtime/provider-account.ts';
import type { RecipeBook } from '#runtime/recipe-book.ts';
import { anyTask } from '#runtime/routing.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import { type WorkMeter, type WorkOutcome, workMeterOf } from '#runtime/work-meter.ts';
import { collectSpan, recordSettle } from './answer-spans.ts';
import { countSettled } from './count-settled.ts';
import { LostReads } from './lost-reads.ts';
import { readBatch } from './read-batch.ts';
import { countReused, keepAnswers, waitingFor } from './reuse-books.ts';
import { type ReuseRead, ReuseReader } from './reuse-reader.ts';
import { SettleShard, shardOf } from './settle-shard.ts';

export interface CollectorPorts {
  log: Log;
  payloads: PayloadStore;
  queue: WorkQueue;
  clock: Clock;
  telemetry: Telemetry;
  follower: ViewFollower;
  recipes: RecipeBook;
  accounts: ReadonlyMap<string, ProviderAccount>;
  timing: Timing;
  /** Answers that may be given again; absent: they are searched in the log when a batch takes some. */
  answers?: AnswerCache;
  /** What dead letters say of where they came from; absent: of a log of our own. */
  deadLetters?: DeadLetterPlace;
}

const lockMs = 300_000;
/** A round that broke off is tried again soon: fenced by another worker, it would else lie locked for minutes. */
const failedMs = 1_000;

type Step = 'done' | { afterMs: number };

type KnownReuse = Extract<ReuseRead, { is: 'known' }>;

const outcomeOf = (step: Step): WorkOutcome => (step === 'done' ? 'done' : 'again');

/** Ended batches into results: read, prove complete, classify, settle in one transaction (protocol §5.5 and §5.6). */
export class Collector {
  readonly #ports: CollectorPorts;
  readonly #shards: SettleShard[];
  readonly #lost: LostReads;
  readonly #reuse: ReuseReader;
  readonly #meter: WorkMeter;

  constructor(ports: CollectorPorts) {
    this.#ports = ports;
    this.#meter = workMeterOf(ports);
    const { log, follower } = ports;
    this.#shards = Array.from(
      { length: log.partitions('settled') },
      (_, shard) => new SettleShard({ shard, log, follower }),
    );
    this.#lost = new LostReads(ports);
    this.#reuse = new ReuseReader(ports);
  }

  /** Takes one job and does the next legal step for its batch. Several may run side by side. @returns true if there was one */
  async runOnce(options: { waitMs: number; signal?: AbortSignal }): Promise<boolean> {
    const { queue } = this.#ports;
    const [job] = await queue.take('collect', { limit: 1, lockMs, ...options });
    if (!job) return false;
    let step: Step = { afterMs: failedMs };
    try {
      step = await this.#meter.run('collect', () => this.#advance(job.id), outcomeOf);
    } finally {
      if (step === 'done') await queue.done('collect', job.id);
      else await queue.postpone('collect', job.id, step.afterMs);
    }
    return true;
  }

  async #advance(bk: string): Promise<Step> {
    const { follower } = this.#ports;
    await follower.catchUp();
    const batch = follower.view.batches.get(bk);
    if (!batch) return 'done';
    if (isSettled(follower.view, bk)) return this.#release(batch);
    if (batch.kind === 'reuse') return this.#reuseAnswers(batch);
    if (isSettledUnsent(batch)) return this.#settle(batch, null);
    return batch.state.is === 'created' ? this.#collect(batch, batch.state) : 'done';
  }

  async #collect(batch: Batch, { pid, intent }: { pid: string; intent: { at: number } }): Promise<Step> {
    const { accounts, follower, telemetry, clock } = this.#ports;
    const account = accountOf(accounts, batch.account);
    const startAt = clock.now();
    const result = await account.results(pid);
    const pinned = follower.view.accounts.get(batch.account);
    if (pinned?.owner !== result.facts.owner) {
      telemetry.note('error', 'owner-mismatch', {
        account: batch.account,
        pinned: pinned?.owner,
        seen: result.facts.owner,
      });
      return { afterMs: this.#lost.againMs(batch.bk) };
    }
    switch (result.status) {
      case 'running':
        return 'done'; // the look says when it has ended
      case 'not-found': {
        if (account.isClockOff) return { afterMs: this.#lost.againMs(batch.bk) }; // nothing is proven by time
        const isGone = await this.#lost.isGone(batch.bk, { account, pid, createdAt: intent.at });
        return isGone
          ? this.#settle(batch, { lines: new Map(), wholeBatch: null })
          : { afterMs: this.#lost.againMs(batch.bk) };
      }
      case 'ended': {
        const read = await readBatch(batch, follower.view.fleet?.id ?? '', result);
        telemetry.count('flotilla_collected_lines_total', read.read.lines.size, { read: read.is });
        telemetry.spans?.record(collectSpan(batch, { read, startAt, endAt: clock.now() }));
        this.#meter.waited('collect', startAt - result.endedAt);
        if (read.is === 'complete') return this.#settle(batch, read.read);
        if (account.isClockOff) return { afterMs: this.#lost.againMs(batch.bk) };
        if (!this.#lost.isLost(batch.bk, read)) return { afterMs: this.#lost.againMs(batch.bk) };
        return this.#settle(batch, read.read);
      }
    }
  }

  /** Settled without having been sent, once there is something to say of one of its items. */
  async #reuseAnswers(batch: Batch): Promise<Step> {
    const { follower, log, recipes, clock } = this.#ports;
    await follower.catchUpAll();
    // Its documents are read only if that may come to something: there may be thousands that wait for a day.
    if (isSettled(follower.view, batch.bk) || dueReuse(follower.view, [batch], clock.now()).length === 0) return 'done';
    const documents = await readDocuments(log, batch.items, anyTask);
    const recipe = await recipes.get(batch.recipe);
    const read = await this.#reuse.read(batch, { documents, recipe });
    switch (read.is) {
      case 'waiting':
        return 'done'; // whoever settles what it waits for says so, and so does the sweep
      case 'unreadable':
        return { afterMs: failedMs };
      case 'known':
        return this.#settle(batch, null, read);
    }
  }

  async #settle(batch: Batch, read: CompleteRead | null, reused: KnownReuse | null = null): Promise<Step> {
    const { follower, log, recipes, clock, telemetry } = this.#ports;
    const startAt = clock.now();
    const shard = this.#shards[shardOf(batch.bk, this.#shards.length)] as SettleShard;
    const documents = await readDocuments(log, batch.items, anyTask);
    const recipe = batch.kind === 'reject' ? null : await recipes.get(batch.recipe);
    const checkOutput = await outputCheckOf(recipe);
    const isKept = batch.kind === 'batch' && recipe?.reusable === true;
    const resultsFrom = isKept ? await log.endOffset('results', this.#resultsPartition(batch.bk)) : 0;
    const keyOf = (item: Rid): string | null => {
      if (!recipe?.reusable) return null;
      return requestKeyOf(documents.get(formatRid(item)) as ReadDocument, { recipe, recipeName: batch.recipe });
    };
    let settlement: Settlement | null = null;
    const build = (): Promise<readonly Append[]> => {
      // Known only now, under the fence: what a newer version settled may be this very batch.
      if (follower.view.unknown)
        throw new FlotillaError('log-newer', { why: `it holds a ${follower.view.unknown.what}` });
      settlement = settleBatch(batch, {
        fleet: follower.view.fleet?.id ?? '',
        read,
        documentOf: item => documents.get(formatRid(item)) as ReadDocument,
        recipe,
        canceledRuns: follower.view.canceledRuns,
        holderOf: key => follower.view.keys.get(key),
        ...(reused ? { reuseOf: reused.stateOf } : {}),
        requestKeyOf: keyOf,
        checkOutput,
        now: this.#ports.clock.now(),
        timeScale: this.#ports.timing.scale,
        wasPrimed: mark => this.#wasPrimed(batch, mark),
      });
      return Promise.resolve(this.#writes(settlement, documents));
    };
    await shard.settle({ bk: batch.bk, build, isSettled: () => isSettled(follower.view, batch.bk) });
    this.#lost.forget(batch.bk);
    // From here on everything is a hint or follows from the log: dying on any of these lines costs a sweep.
    await follower.catchUpAll();
    if (settlement) {
      if (telemetry.spans) {
        recordSettle(telemetry.spans, { batch, settlement, documents, recipe, startAt, endAt: clock.now() });
      }
      await this.#after(batch, settlement);
      if (recipe?.reusable) await this.#afterReusable(batch, settlement, { recipe, resultsFrom, reused });
    }
    return this.#release(batch);
  }

  #wasPrimed({ account, state }: Batch, mark: CacheMark): boolean {
    const { follower, timing } = this.#ports;
    if (state.is !== 'created' && state.is !== 'released') return false;
    return wasPrimed(follower.view, { ...mark, account }, { now: state.at, timeScale: timing.scale });
  }

  async #after(batch: Batch, settlement: Settlement): Promise<void> {
    const { queue, clock, telemetry, accounts, payloads } = this.#ports;
    const { settled, missing, isAccountRefused } = settlement;
    countSettled(telemetry, settlement);
    if (batch.state.is === 'created' || batch.state.is === 'released') {
      telemetry.observe('flotilla_stage_seconds', (clock.now() - batch.state.at) / 1_000, { stage: 'settled' });
    }
    for (const row of settled.retry) {
      if (!isAlone(row.cause)) continue;
      await queue.add({ queue: 'retry', id: retryKey(row), delayMs: Math.max(0, row.notBefore - clock.now()) });
    }
    if (missing > 0) telemetry.note('error', 'lines-lost', { bk: batch.bk, missing });
    if (isAccountRefused) accounts.get(batch.account)?.refuse();
    if (isSettledUnsent(batch)) await payloads.delete(batch.bk);
  }

  /** What was bought may be given again, and who waits for it is told. All of it hints. */
  async #afterReusable(
    batch: Batch,
    settlement: Settlement,
    { recipe, resultsFrom, reused }: { recipe: Recipe; resultsFrom: number; reused: KnownReuse | null },
  ): Promise<void> {
    const { answers, queue, follower, clock } = this.#ports;
    const task = recipe.task ?? '';
    if (reused) {
      await answers?.count(task, countReused(batch, { ...settlement, stateOf: reused.stateOf, now: clock.now() }));
      return;
    }
    const partition = this.#resultsPartition(batch.bk);
    const kept = keepAnswers(settlement, { partition, from: resultsFrom });
    await answers?.keep(task, kept);
    await answers?.count(task, { bought: kept.length, boughtMs: kept.length * (clock.now() - batch.sealedAt) });
    for (const bk of waitingFor(follower.view, settlement.settled)) await queue.add({ queue: 'collect', id: bk });
  }

  #resultsPartition(bk: string): number {
    return shardOf(bk, this.#shards.length) % this.#ports.log.partitions('results');
  }

  /** The reserve becomes what was spent. Repeated by the sweep when we die before it. */
  async #release(batch: Batch): Promise<'done'> {
    const { follower } = this.#ports;
    if (batch.state.is !== 'created' || !batch.settled) return 'done';
    await follower.append({ kind: 'RELEASED', bk: batch.bk, actual: batch.settled.actual });
    return 'done';
  }

  #writes({ settled, terminals }: Settlement, documents: ReadonlyMap<string, ReadDocument>): Append[] {
    const shard = shardOf(settled.bk, this.#shards.length);
    const record = { key: settled.bk, value: encodeSettled(settled), headers: {} };
    const results = terminals.map(terminal => {
      const { record: origin } = documents.get(formatRid(terminal.rid)) as ReadDocument;
      return { terminal, origin, record: resultRecord(terminal, origin) };
    });
    const writes: Append[] = [];
    if (results.length > 0) {
      writes.push({
        topic: 'results',
        partition: this.#resultsPartition(settled.bk),
        records: results.map(result => result.record),
      });
    }
    const place = this.#ports.deadLetters ?? ownDeadLetters;
    const letters = results.flatMap(({ terminal, origin }) => deadLetterRecord(terminal, { origin, place }) ?? []);
    if (letters.length > 0) {
      const partition = shard % this.#ports.log.partitions('dead-letters');
      writes.push({ topic: 'dead-letters', partition, records: letters });
    }
    return [...writes, { topic: 'settled', partition: shard, records: [record] }];
  }
}

/** The schema compiler is slow to load, and often not needed. */
async function outputCheckOf(recipe: Recipe | null): Promise<(output: unknown) => string | null> {
  if (!recipe?.outputSchema) return () => null;
  const { compileOutputCheck } = await import('#contracts/output-schema.ts');
  return compileOutputCheck(recipe.outputSchema);
}

function resultRecord(terminal: Terminal, origin: LogRecord): NewRecord {
  return {
    key: answerKey(terminal, origin),
    value: Buffer.from(resultJson(terminal)),
    headers: answerHeaders(terminal, origin),
  };
}

/** The producer's bytes, untouched; everything else that there is to say stands in headers. */
function deadLetterRecord(
  terminal: Terminal,
  { origin, place }: { origin: LogRecord; place: DeadLetterPlace },
): NewRecord | null {
  const { failure } = terminal;
  if (!failure) return null;
  const { value, headers } = valueOfDeadLetter(terminal.rid, { origin, place });
  const own = deadLetterHeaders({ ...terminal, failure }, { origin, names: place });
  return { key: answerKey(terminal, origin), value, headers: { ...own, ...headers } };
}
