import { type BatchRequests, batchRequests } from '#core/batch-requests.ts';
import { type Reserve, reserveOfBatch, unpricedUnderCap } from '#core/caps/cap-reserve.ts';
import { formatCustomId } from '#core/custom-id.ts';
import { forgetOldest } from '#core/forget-oldest.ts';
import type { CloseReason, IntentRecord } from '#core/journal.ts';
import { batchBytesMax } from '#core/limits.ts';
import { markRequest } from '#core/prompt-cache/mark-request.ts';
import { TextHeads } from '#core/prompt-cache/text-heads.ts';
import { acceptsIntent } from '#core/reduce-journal.ts';
import type { Timing } from '#core/timing.ts';
import {
  type Batch,
  exceedsCapAlone,
  isSettled,
  isSettledUnsent,
  isUnsent,
  itemsToSend,
  tightCap,
} from '#core/view.ts';
import type { CreateOutcome } from '#ports/batch-provider.ts';
import type { Clock } from '#ports/clock.ts';
import type { Ids } from '#ports/ids.ts';
import type { Log } from '#ports/log.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import type { ProviderAccount } from '#runtime/provider-account.ts';
import type { RecipeBook } from '#runtime/recipe-book.ts';
import { Slots } from '#runtime/slots.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import { type WorkMeter, type WorkOutcome, workMeterOf } from '#runtime/work-meter.ts';
import { buildItems } from './build-items.ts';
import { createSpan } from './create-span.ts';
import { type Parked, type ParkedBatch, ParkedBatches } from './parked-batches.ts';
import { Primer } from './primer.ts';

export interface SubmitterPorts {
  log: Log;
  payloads: PayloadStore;
  queue: WorkQueue;
  clock: Clock;
  ids: Ids;
  telemetry: Telemetry;
  follower: ViewFollower;
  recipes: RecipeBook;
  accounts: ReadonlyMap<string, ProviderAccount>;
  timing: Timing;
  worker: string;
  incarnation: string;
  /** Create calls that may be under way side by side; default no bound but that of the loops. */
  createsAtOnce?: number;
  /** Calls an hour that only write a cache entry, by the journal and so by all processes together. */
  primesPerHour?: number;
}

const lockMs = 120_000;
const heldMs = 1_000;
/** However fast the provider's time runs: looking at hundreds of held batches every moment would itself be the load. */
const heldMinMs = 250;
/** Batches held back by a cap, looked at a second all together: a parked tenant of a million documents is no load. */
const capChecksPerSecond = 100;
/** Only a restart with another configuration ends it. */
const notConfiguredMs = 30_000;
const refusedMs = 2_000;
/** The log's clock and ours disagree: somebody has to set one, so the journal is not filled meanwhile. */
const oddStampMs = 5_000;
/** A round that broke off is tried again soon, not when its lock is over. */
const failedMs = 1_000;
/** For longer each process is told by itself: batches that are only to be closed wait behind it too. */
const holdMsMax = 30_000;
/** INTENTs without a POST that are remembered; most never matter again. */
const unsentMax = 1_000;

/** What became of a job: `done` needs no further hint of this kind, else when to look again. */
type Step = 'done' | { afterMs: number };

const outcomeOf = (step: Step): WorkOutcome => (step === 'done' ? 'done' : 'again');

/** One POST was sent, or none. */
type Sent = { intent: IntentRecord; outcome: CreateOutcome } | { step: Step };

export type { Parked } from './parked-batches.ts';

/** Sealed batches to the provider, intent first (protocol §5.2 and §5.4). */
export class Submitter {
  readonly #ports: SubmitterPorts;
  readonly #parked: ParkedBatches;
  /** Nonces of INTENTs that were left without a POST: should one be found open, it was never sent. */
  readonly #unsent = new Set<string>();
  /** An INTENT holds its slot until its reply, so that none waits with its time running. */
  readonly #slots: Slots;
  readonly #meter: WorkMeter;
  readonly #primer: Primer;

  constructor(ports: SubmitterPorts) {
    this.#ports = ports;
    this.#meter = workMeterOf(ports);
    this.#primer = new Primer(ports);
    this.#parked = new ParkedBatches(ports);
    this.#slots = new Slots(ports.createsAtOnce ?? Infinity);
  }

  /** Batches that are held back now, by why. */
  parked(): Parked[] {
    return this.#parked.all();
  }

  /** How many a cap on money holds back: they wait for a person or another day, and nobody else may wait for them. */
  cappedBatches(): number {
    return this.#parked.capped();
  }

  /** Takes one job and does the next legal step for its batch. Several may run side by side. @returns true if there was one */
  async runOnce(options: { waitMs: number; signal?: AbortSignal }): Promise<boolean> {
    const { queue } = this.#ports;
    const [job] = await queue.take('submit', { limit: 1, lockMs, ...options });
    if (!job) return false;
    let step: Step = { afterMs: failedMs };
    try {
      step = await this.#meter.run('submit', () => this.#advance(job.id), outcomeOf);
    } finally {
      if (step === 'done') await queue.done('submit', job.id);
      else await queue.postpone('submit', job.id, step.afterMs);
    }
    return true;
  }

  async #advance(bk: string): Promise<Step> {
    const { follower, queue } = this.#ports;
    await follower.catchUp();
    const batch = follower.view.batches.get(bk);
    if (!batch || isSettled(follower.view, bk)) return this.#unpark(bk);
    if (isSettledUnsent(batch)) {
      await queue.add({ queue: 'collect', id: bk });
      return this.#unpark(bk);
    }
    if (isUnsent(batch)) {
      const { state } = batch;
      this.#meter.waited('submit', this.#ports.clock.now() - (state.is === 'aborted' ? state.at : batch.sealedAt));
      this.#primer.announce(batch);
      return this.#submit(batch).finally(() => this.#primer.over(batch));
    }
    this.#unpark(bk);
    const { state, sub } = batch;
    // Whose append broke off knows that it did not send, whenever it landed (C9). Else the look decides.
    if (state.is === 'intent' && this.#unsent.has(state.intent.nonce)) return this.#abort({ bk, sub }, 'not sent');
    return 'done';
  }

  #unpark(bk: string): 'done' {
    this.#parked.delete(bk);
    return 'done';
  }

  #park(parked: ParkedBatch, afterMs: number): Step {
    this.#parked.add(parked);
    return { afterMs };
  }

  async #submit(batch: Batch): Promise<Step> {
    const { follower, accounts, clock, timing } = this.#ports;
    const { view } = follower;
    const canceled = batch.runs.some(run => view.canceledRuns.has(run));
    if (canceled) return this.#close(batch.bk, 'canceled');
    const account = accounts.get(batch.account);
    // Not an error of the loop, which would slow down the batches of every other account.
    if (!account) return this.#park({ bk: batch.bk, why: 'not-configured' }, notConfiguredMs);
    if (account.ownerSeen === null) await this.#learnOwner(account);
    else if (!view.accounts.has(account.name)) await this.#learnOwner(account); // shown, and could not be pinned
    const hold = account.hold(view);
    const heldAfterMs = Math.max(heldMinMs, heldMs / timing.scale);
    if (hold && hold !== 'breaker') return this.#park({ bk: batch.bk, why: hold }, heldAfterMs);
    const capped = hold ? null : this.#parked.stillCapped(batch.bk);
    if (capped) return this.#park(capped, this.#capCheckMs());
    const deadlineAt = hold ? this.#parked.deadlineOf(batch.bk) : null;
    if (hold && deadlineAt !== null && deadlineAt >= clock.now())
      return this.#park({ bk: batch.bk, why: hold, deadlineAt }, heldAfterMs);
    const requests = await this.#requests(batch);
    // Smaller and smaller, until the one that nobody takes is alone.
    if (requests === null) return this.#close(batch.bk, 'invalid');
    if (requests.deadlineAt < clock.now()) return this.#close(batch.bk, 'deadline');
    // Lanes only estimate what a request comes to: 1e20 is written as twenty-one digits.
    if (itemsToSend(batch).length > 1 && bytesOf(requests) > batchBytesMax) return this.#close(batch.bk, 'split');
    if (hold) return this.#park({ bk: batch.bk, why: hold, deadlineAt: requests.deadlineAt }, heldAfterMs);
    const wanted = await this.#reserve(batch, requests);
    const reserve = wanted.amounts;
    if (unpricedUnderCap(view, wanted) !== null) {
      const unpriced = { bk: batch.bk, why: 'cap', scope: 'price unknown', period: null } as const;
      return this.#park({ ...unpriced, unpriced: wanted, deadlineAt: requests.deadlineAt }, this.#capCheckMs());
    }
    if (exceedsCapAlone(view, reserve) && itemsToSend(batch).length > 1) return this.#close(batch.bk, 'split');
    const tight = tightCap(view, reserve, clock.now());
    if (tight) {
      const wants = { reserve, items: itemsToSend(batch).length };
      if (this.#parked.mayGoInParts(wants)) {
        this.#parked.goesInParts(batch.bk);
        return this.#close(batch.bk, 'split');
      }
      const { deadlineAt } = requests;
      return this.#park({ bk: batch.bk, why: 'cap', ...tight, wants, deadlineAt }, this.#capCheckMs());
    }
    this.#parked.delete(batch.bk);
    const waitMs = await this.#primer.prime(batch, { account, requests, reserve });
    if (waitMs > 0) return { afterMs: waitMs };
    const sent = await this.#slots.run(() => this.#send(batch, { account, requests, wanted }));
    return 'outcome' in sent ? this.#record(sent.intent, sent.outcome) : sent.step;
  }

  #capCheckMs(): number {
    return Math.max(heldMs, (this.#parked.size * 1_000) / capChecksPerSecond);
  }

  /** A list call that costs nothing: an incarnation creates only once a reply of its own has shown the owner. */
  async #learnOwner(account: ProviderAccount): Promise<void> {
    const { follower, telemetry } = this.#ports;
    try {
      await account.list({ limit: 1 });
    } catch (error) {
      telemetry.note('warn', 'owner-unseen', { account: account.name, error: String(error) });
      return;
    }
    if (account.ownerSeen !== null && !follower.view.accounts.has(account.name)) {
      const { provider, baseUrl } = account.provider;
      await follower.append({ kind: 'ACCOUNT', account: account.name, provider, baseUrl, owner: account.ownerSeen });
      await follower.catchUp();
    }
  }

  async #close(bk: string, why: CloseReason): Promise<Step> {
    const { follower, queue, telemetry } = this.#ports;
    await follower.append({ kind: 'CLOSED', bk, why });
    telemetry.note('info', 'batch-closed', { bk, why });
    await queue.add({ queue: 'collect', id: bk });
    return this.#unpark(bk);
  }

  /** INTENT, read back as its winner, one POST. */
  async #send(
    batch: Batch,
    { account, requests, wanted }: { account: ProviderAccount; requests: BatchRequests; wanted: Reserve },
  ): Promise<Sent> {
    const { follower, clock, ids, telemetry, timing, worker, incarnation } = this.#ports;
    const { bk } = batch;
    const intent: IntentRecord = {
      kind: 'INTENT',
      bk,
      sub: batch.sub + 1,
      worker,
      incarnation,
      nonce: ids.nonce(),
      reserve: wanted.amounts,
    };
    // It may have waited for its slot until the deadline of a document passed: the next round closes it.
    if (requests.deadlineAt < clock.now()) return { step: { afterMs: 0 } };
    if (!acceptsIntent(follower.view, intent, clock.now())) return { step: { afterMs: refusedMs } };
    const startedOn = clock.monotonic(); // from before the append: no two machines' clocks are compared
    try {
      await follower.append(intent);
      await follower.catchUp();
    } catch (error) {
      this.#leaveUnsent(intent); // it may have landed, or land later
      throw error;
    }
    const { state } = batch;
    const isWinner = state.is === 'intent' && state.intent.nonce === intent.nonce && batch.sub === intent.sub;
    if (!isWinner) {
      this.#leaveUnsent(intent); // a second copy of it may land when it fits
      return { step: { afterMs: refusedMs } };
    }
    const intentAt = state.intent.at;
    const isLate = (): boolean => clock.monotonic() - startedOn > timing.sendMs;
    // Absence is proven from this stamp, so it must be right; a suspended machine shows here too.
    const isStampOdd = (): boolean => Math.abs(clock.now() - intentAt) > timing.clockOffMs;
    if (isStampOdd()) return { step: await this.#abortUnsent(intent, oddStampMs) };
    if (isLate()) return { step: await this.#abortUnsent(intent) };
    // The journal compares amounts, and what has no price has none: a cap that came first must be seen here.
    if (unpricedUnderCap(follower.view, wanted) !== null) return { step: await this.#abortUnsent(intent) };
    // What held nothing back before the append may do so now: another reply, another create under way.
    if (account.hold(follower.view) !== null) {
      return { step: await this.#abortUnsent(intent, heldMs / timing.scale) };
    }
    const label = { fleet: follower.view.fleet?.id ?? '', bk, sub: intent.sub };
    const items = itemsToSend(batch).map((item, index) => {
      return { customId: formatCustomId({ fleet: label.fleet, bk, ...item }), body: requests.bodies[index] as string };
    });
    // A stop does not abort it: T_http bounds it, and an aborted create would be an ambiguous one.
    const startAt = clock.now();
    // Asked again by the adapter when it has a connection: connecting may take long, and so may standing still.
    const isInTime = (): boolean => !isLate() && !isStampOdd();
    const outcome = await account.create({ label, items, isInTime }, new AbortController().signal);
    const { provider } = account.provider;
    const sent = { bk, sub: intent.sub, provider, items: items.length, outcome, startAt };
    telemetry.spans?.record(createSpan({ ...sent, endAt: clock.now() }));
    if (outcome.status === 'created') {
      telemetry.observe('flotilla_stage_seconds', (clock.now() - batch.sealedAt) / 1_000, { stage: 'created' });
    }
    return { intent, outcome };
  }

  /** What is known of the call. */
  async #record(intent: IntentRecord, outcome: CreateOutcome): Promise<Step> {
    const { follower, payloads, telemetry } = this.#ports;
    const { bk, sub } = intent;
    telemetry.count('flotilla_creates_total', 1, { outcome: outcome.status });
    switch (outcome.status) {
      case 'created':
        await follower.append({ kind: 'CREATED', bk, sub, pid: outcome.pid });
        await payloads.delete(bk);
        return this.#checkBound(bk, outcome.pid);
      case 'ambiguous':
        telemetry.note('warn', 'create-ambiguous', { bk, sub, why: outcome.message });
        return 'done'; // never sent again from here: the look finds out what became of it
      case 'refused':
        telemetry.note('warn', 'create-refused', { bk, sub, reason: outcome.reason, message: outcome.message });
        await this.#abort(intent, outcome.reason);
        await this.#holdEverywhere(bk);
        if (outcome.reason === 'too-large') return this.#close(bk, 'split');
        if (outcome.reason === 'invalid') return this.#close(bk, 'invalid');
        return { afterMs: refusedMs / this.#ports.timing.scale };
    }
  }

  /** A provider that has no room has none for anybody: the other processes need not be told one by one. */
  async #holdEverywhere(bk: string): Promise<void> {
    const { follower, accounts, queue, clock } = this.#ports;
    const account = accounts.get(follower.view.batches.get(bk)?.account ?? '');
    const breaker = account?.breaker;
    if (!account || breaker?.is !== 'open' || breaker.reason !== 'rate-limited') return;
    const forMs = Math.min(holdMsMax, breaker.until - clock.now());
    if (forMs > 0) await queue.holdSubmits?.(account.name, forMs);
  }

  /** A reply that comes after somebody bound another id for this batch: bought twice, the residual hole (C14). */
  async #checkBound(bk: string, pid: string): Promise<'done'> {
    const { follower, telemetry, accounts } = this.#ports;
    await follower.catchUp();
    const bound = follower.view.bks.get(bk);
    if (bound === pid) return 'done';
    telemetry.count('flotilla_suspected_double_purchase_total');
    telemetry.note('error', 'created-refused', { bk, pid, bound });
    const account = accounts.get(follower.view.batches.get(bk)?.account ?? '');
    // Certain only where another id is bound: with none bound yet, the look may still adopt this one.
    if (typeof bound === 'string' && account?.provider.hasLabels) await account.cancel(pid);
    return 'done';
  }

  #leaveUnsent({ nonce }: IntentRecord): void {
    this.#unsent.add(nonce);
    forgetOldest(this.#unsent, unsentMax);
  }

  /** Should ABORTED not land, the next round says it again. */
  #abortUnsent(intent: IntentRecord, afterMs?: number): Promise<Step> {
    this.#leaveUnsent(intent);
    return this.#abort(intent, 'not sent', afterMs);
  }

  async #abort({ bk, sub }: Pick<IntentRecord, 'bk' | 'sub'>, why: string, afterMs = 100): Promise<Step> {
    await this.#ports.follower.append({ kind: 'ABORTED', bk, sub, why });
    return { afterMs };
  }

  /** Of documents, recipe and plan. @returns null when one of the documents is none any more */
  async #requests(batch: Batch): Promise<BatchRequests | null> {
    const items = await buildItems(batch, this.#ports);
    if (items === null) return null;
    const heads = new TextHeads();
    return batchRequests(items.map(item => ({ ...item, body: markRequest(item.body, batch.plan, heads) })));
  }

  /** Worst case by scope. */
  async #reserve(batch: Batch, requests: BatchRequests): Promise<Reserve> {
    const { task } = await this.#ports.recipes.get(batch.recipe);
    return reserveOfBatch(batch, { task, requests });
  }
}

const bytesOf = ({ bodies }: BatchRequests): number => bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0);
