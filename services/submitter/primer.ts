import { primesPerHourDefault } from '#contracts/config-defaults.ts';
import type { BatchRequests } from '#core/batch-requests.ts';
import { callCostOf, type Usage } from '#core/cost.ts';
import { forgetOldest } from '#core/forget-oldest.ts';
import type { Amounts, PrimeRecord } from '#core/journal.ts';
import { toNanodollars } from '#core/money.ts';
import { type CacheMark, marksSent } from '#core/prompt-cache/cache-plan.ts';
import { firstPrimeRequest } from '#core/prompt-cache/prime-request.ts';
import {
  addAmounts,
  isPrimeHourFull,
  isPrimeUsOnly,
  livePrime,
  modelOfPrime,
  primeAmounts,
  primeId,
  worstPrimeCost,
} from '#core/prompt-cache/primes.ts';
import { acceptsPrime } from '#core/reduce-journal.ts';
import type { Timing } from '#core/timing.ts';
import { type Batch, tightCap } from '#core/view.ts';
import type { PrimeOutcome } from '#ports/batch-provider.ts';
import type { Clock } from '#ports/clock.ts';
import type { Ids } from '#ports/ids.ts';
import type { Log } from '#ports/log.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { ProviderAccount } from '#runtime/provider-account.ts';
import type { RecipeBook } from '#runtime/recipe-book.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import { buildItems } from './build-items.ts';

export interface PrimerPorts {
  log: Log;
  payloads: PayloadStore;
  clock: Clock;
  ids: Ids;
  telemetry: Telemetry;
  follower: ViewFollower;
  recipes: RecipeBook;
  timing: Timing;
  /** That all processes together may buy. */
  primesPerHour?: number;
}

/** The batch that a prime is bought for. */
interface Behind {
  account: ProviderAccount;
  requests: BatchRequests;
  /** Of the batch: a prime must not take the room that it needs. */
  reserve: Amounts;
}

/** One prime, ready to be bought. */
interface Wanted {
  record: PrimeRecord;
  body: string;
  amountsOf: (cost: number) => Amounts;
}

/** While another process is at it. */
const underWayMs = 250;
/** Of the primes of this process; more than a handful matter only while the log is away. */
const rememberedMax = 1_000;

/** What is to be said of a prime, if it is the one with this nonce. */
interface Owed {
  nonce: string;
  actual: Amounts;
  /** That answered, and what it counted. */
  model?: string;
  usage?: Usage;
  isUsOnly?: true;
}

/**
 * Writes the entry of a mark by one small call before its batch is created. A purchase like a create: PRIME with its
 * reserve, read back as its winner, one POST in time, PRIMED. It is never repeated: what nobody can say of it costs its
 * whole reserve after `T_settle` (the sweep says so). Whatever becomes of it, the batch goes out.
 */
export class Primer {
  readonly #ports: PrimerPorts;
  readonly #perHour: number;
  /** By entry: batches of this process that want the same one wait for one call. */
  readonly #running = new Map<string, Promise<number>>();
  /** By entry: a batch at work in this process that is to write it, and has not yet. */
  readonly #announced = new Map<string, { bk: string; over: Promise<void>; say: () => void }>();
  /** What this process knows of its primes, until the view shows it: should the word not have landed, it is said again. */
  readonly #owed = new Map<string, Owed>();
  /** Nonces of calls of this process that ended without an answer. */
  readonly #unanswered = new Set<string>();
  /** By account: after a failure none is tried for a while, on the monotonic clock. */
  readonly #restsUntil = new Map<string, number>();

  constructor(ports: PrimerPorts) {
    this.#ports = ports;
    this.#perHour = ports.primesPerHour ?? primesPerHourDefault;
  }

  /**
   * A batch is at work whose entries are to be written ahead. Those sealed with it were planned to read them, and go out only when it has
   * primed, or will not: their items would write the same entries side by side. MUST be followed by `over`.
   */
  announce({ bk, plan, account }: Batch): void {
    const { promise: over, resolve: say } = Promise.withResolvers<void>();
    for (const mark of marksSent(plan)) {
      const key = entryOf(mark, account);
      if (mark.prime && !this.#announced.has(key)) this.#announced.set(key, { bk, over, say });
    }
  }

  over({ bk, plan, account }: Batch): void {
    for (const mark of marksSent(plan)) {
      const key = entryOf(mark, account);
      const announced = this.#announced.get(key);
      if (announced?.bk !== bk) continue;
      this.#announced.delete(key);
      announced.say();
    }
  }

  /** @returns 0 when the batch may go out, else ms to wait: another process is writing its entry */
  async prime(batch: Batch, behind: Behind): Promise<number> {
    await this.#sayOwed();
    const marks = marksSent(batch.plan);
    if (marks.length === 0 || behind.account.provider.cacheLever !== 'markers') return 0;
    // It must not become too late.
    const spareMs = (): number => behind.requests.deadlineAt - this.#ports.clock.now() - 2 * this.#callMs();
    if (spareMs() < 0) {
      this.over(batch); // it will write nothing, and others need not wait for its create
      return 0;
    }
    let waitMs = 0;
    // The shallow ones first: what they wrote is read by those behind them.
    for (const mark of marks) if (mark.prime) waitMs = Math.max(waitMs, await this.#shared(batch, mark, behind));
    this.over(batch); // before it waits itself: two may wait for each other
    for (const mark of marks)
      await this.#written(entryOf(mark, batch.account), Math.min(spareMs(), 2 * this.#callMs()));
    return waitMs;
  }

  /** That whoever announced it has primed, or will not. A batch of which nothing is heard holds up no other. */
  async #written(entry: string, withinMs: number): Promise<void> {
    const announced = this.#announced.get(entry);
    if (!announced || withinMs <= 0) return;
    const enough = new AbortController();
    await Promise.race([announced.over, this.#ports.clock.sleep(withinMs, enough.signal)]);
    enough.abort();
  }

  #shared(batch: Batch, mark: CacheMark, behind: Behind): Promise<number> {
    const key = entryOf(mark, behind.account.name);
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const own = this.#one(batch, mark, behind).finally(() => this.#running.delete(key));
    this.#running.set(key, own);
    return own;
  }

  async #one(batch: Batch, mark: CacheMark, behind: Behind): Promise<number> {
    const { follower, clock, timing } = this.#ports;
    const { account } = behind;
    const moment = { now: clock.now(), timeScale: timing.scale };
    const live = livePrime(follower.view, { ...mark, account: account.name }, moment);
    if (live) {
      // Somebody else's, whose reply is due. What died with it is waited for no longer than its call may take.
      const isUnderWay = live.state === 'open' && !this.#unanswered.has(live.nonce);
      return isUnderWay && clock.now() < live.at + this.#callMs() ? underWayMs : 0;
    }
    if ((this.#restsUntil.get(account.name) ?? -Infinity) > clock.monotonic()) return 0;
    // Before its request is built; between this look and PRIME others may buy, and then the journal refuses it.
    if (isPrimeHourFull(follower.view, { perHour: this.#perHour, at: moment.now })) return 0;
    const wanted = await this.#wanted(batch, mark, behind);
    if (wanted) await this.#buy(wanted, account);
    return 0;
  }

  /** Null when no small call writes that entry, its price is unknown, or a cap has no room for it beside the batch. */
  async #wanted(batch: Batch, mark: CacheMark, { account, requests, reserve }: Behind): Promise<Wanted | null> {
    const { follower, clock, ids, recipes, timing } = this.#ports;
    const body = await this.#bodyFor(batch, mark);
    const now = clock.now();
    const cost = body === null ? null : worstPrimeCost(body, mark.ttl, now);
    if (body === null || cost === null) return null;
    const { task } = await recipes.get(batch.recipe);
    const whom = { account: account.name, tenant: requests.tenant, task, runs: Object.keys(requests.costMaxByRun) };
    const amountsOf = (spent: number): Amounts => primeAmounts(whom, spent);
    const id = primeId({ ...mark, account: account.name }, { now, timeScale: timing.scale });
    const { hash: prefix, ttl } = mark;
    const record: PrimeRecord = {
      kind: 'PRIME',
      id,
      account: account.name,
      prefix,
      ttl,
      model: modelOfPrime(body),
      nonce: ids.nonce(),
      reserve: amountsOf(cost),
      perHour: this.#perHour,
    };
    if (tightCap(follower.view, addAmounts(record.reserve, reserve), now)) return null;
    return acceptsPrime(follower.view, record, now) ? { record, body, amountsOf } : null;
  }

  /** What cannot be read again must not hold the batch back. */
  async #bodyFor(batch: Batch, mark: CacheMark): Promise<string | null> {
    try {
      const items = (await buildItems(batch, this.#ports)) ?? [];
      return firstPrimeRequest(
        items.map(({ body }) => body),
        mark,
      );
    } catch (error) {
      this.#ports.telemetry.note('warn', 'prime-not-built', { bk: batch.bk, why: String(error) });
      return null;
    }
  }

  /** PRIME, read back as its winner, one POST. */
  async #buy({ record, body, amountsOf }: Wanted, account: ProviderAccount): Promise<void> {
    const { follower, clock, timing, telemetry } = this.#ports;
    const { id, nonce } = record;
    const startedOn = clock.monotonic(); // from before the append, as for an INTENT
    const unsent = { nonce, actual: {} };
    try {
      await follower.append(record);
      await follower.catchUp();
    } catch (error) {
      this.#owe(id, unsent); // it may have landed, or land later
      throw error;
    }
    const prime = follower.view.primes.get(id);
    if (prime?.nonce !== nonce) return this.#owe(id, unsent); // a second copy of it may land when it fits
    const isLate = (): boolean => clock.monotonic() - startedOn > timing.sendMs;
    const isStampOdd = (): boolean => Math.abs(clock.now() - prime.at) > timing.clockOffMs;
    const isInTime = (): boolean => !isLate() && !isStampOdd();
    if (!isInTime() || account.hold(follower.view) !== null) return this.#say(id, unsent);
    const outcome = await account.prime({ id, body, isInTime }, new AbortController().signal);
    telemetry.count('flotilla_primes_total', 1, { outcome: outcome.status });
    if (outcome.status !== 'primed') this.#rest(account, id, outcome);
    if (outcome.status === 'ambiguous') {
      this.#unanswered.add(nonce);
      forgetOldest(this.#unanswered, rememberedMax);
      return;
    }
    const actual = this.#actualOf(outcome, { record, body, amountsOf, at: prime.at });
    const answer = outcome.status === 'primed' ? { model: outcome.model, usage: outcome.usage } : {};
    await this.#say(id, { nonce, actual, ...answer, ...(isPrimeUsOnly(body) ? { isUsOnly: true } : {}) });
  }

  #actualOf(
    outcome: Exclude<PrimeOutcome, { status: 'ambiguous' }>,
    { record, body, amountsOf, at }: Wanted & { at: number },
  ): Amounts {
    if (outcome.status === 'refused') return {};
    const cost = callCostOf(outcome.model, outcome.usage, at, { isUsOnly: isPrimeUsOnly(body) });
    if (cost === null) return record.reserve;
    this.#ports.telemetry.count('flotilla_prime_nanodollars_total', toNanodollars(cost));
    return amountsOf(cost);
  }

  #rest(account: ProviderAccount, id: string, outcome: Exclude<PrimeOutcome, { status: 'primed' }>): void {
    const { clock, timing, telemetry } = this.#ports;
    const why = outcome.status === 'refused' ? outcome.reason : 'ambiguous';
    telemetry.note('warn', 'prime-failed', { prime: id, account: account.name, why, message: outcome.message });
    if (why !== 'too-late') this.#restsUntil.set(account.name, clock.monotonic() + timing.breakerMinMs);
  }

  /** How long the call of a prime may take, from its PRIME on. */
  #callMs(): number {
    return this.#ports.timing.sendMs + this.#ports.timing.httpMs;
  }

  #say(id: string, owed: Owed): Promise<void> {
    this.#owe(id, owed);
    return this.#sayOwed();
  }

  #owe(id: string, owed: Owed): void {
    this.#owed.set(id, owed);
    forgetOldest(this.#owed, rememberedMax);
  }

  /** PRIMED for what is open and known: also after an append that broke off and landed nevertheless. */
  async #sayOwed(): Promise<void> {
    if (this.#owed.size === 0) return;
    const { follower } = this.#ports;
    const known: string[] = [];
    for (const [id, { nonce, ...said }] of this.#owed) {
      const prime = follower.view.primes.get(id);
      if (!prime) continue; // it may land later
      if (prime.nonce === nonce && prime.state === 'open') await follower.append({ kind: 'PRIMED', id, ...said });
      else known.push(id);
    }
    for (const id of known) this.#owed.delete(id);
  }
}

const entryOf = ({ hash }: CacheMark, account: string): string => `${hash} ${account}`;
