import { type Breaker, type BreakerEvent, closedBreaker, createsAllowed, nextBreaker } from '#core/breaker.ts';
import type { Timing } from '#core/timing.ts';
import type { View } from '#core/view.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type {
  BatchPage,
  BatchProvider,
  CreateOutcome,
  CreateRequest,
  ListOptions,
  PrimeOutcome,
  PrimeRequest,
  ReplyFacts,
  ResultRead,
} from '#ports/batch-provider.ts';
import type { Clock } from '#ports/clock.ts';

/** Why no create may be sent for this account now. */
export type Hold =
  | 'no-fleet'
  | 'log-newer'
  | 'owner-unseen'
  | 'owner-mismatch'
  | 'clock-off'
  | 'foreign-fleet'
  | 'breaker';

/** What only another reply can end: with nothing open nobody else would ask, and creates would stay held for ever. */
export const endedByReply: ReadonlySet<Hold> = new Set(['owner-unseen', 'owner-mismatch', 'clock-off']);

/**
 * One account as one incarnation of a process knows it: the owner and the clock that replies have shown, and the breaker.
 * All of it is learnt anew after a restart, on purpose: an incarnation creates only after a reply it got itself has shown
 * the pinned owner (protocol §5.2).
 */
export class ProviderAccount {
  readonly name: string;
  readonly provider: BatchProvider;
  readonly #clock: Clock;
  readonly #timing: Timing;
  #ownerSeen: string | null = null;
  #clockOffMs = 0;
  #breaker: Breaker = closedBreaker;
  #underWay = 0;
  /** Batch keys whose last create of this incarnation has ended without an answer. */
  readonly #unanswered = new Set<string>();
  #foreignFleet: string | null = null;
  #unlisted: { times: number; why: string } | null = null;

  constructor(options: { name: string; provider: BatchProvider; clock: Clock; timing: Timing }) {
    this.name = options.name;
    this.provider = options.provider;
    this.#clock = options.clock;
    this.#timing = options.timing;
  }

  get ownerSeen(): string | null {
    return this.#ownerSeen;
  }

  get breaker(): Breaker {
    this.#advance({ is: 'time-passed' });
    return this.#breaker;
  }

  /** Lists in a row that failed, and why the last one did; null when the last was answered. A process may do nothing but look. */
  get unlisted(): { times: number; why: string } | null {
    return this.#unlisted;
  }

  /** True when our wall clock and the provider's are too far apart to prove anything by time (protocol §7). */
  get isClockOff(): boolean {
    return Math.abs(this.#clockOffMs) > this.#timing.clockOffMs;
  }

  /** Null when a create may be sent. */
  hold(view: View): Hold | null {
    if (view.unknown) return 'log-newer';
    if (!view.fleet) return 'no-fleet';
    if (this.#foreignFleet !== null) return 'foreign-fleet';
    const pinned = view.accounts.get(this.name);
    if (this.#ownerSeen === null || !pinned) return 'owner-unseen';
    if (pinned.owner !== this.#ownerSeen || pinned.baseUrl !== this.provider.baseUrl) return 'owner-mismatch';
    if (this.isClockOff) return 'clock-off';
    return createsAllowed(this.breaker, this.#underWay) > 0 ? null : 'breaker';
  }

  /** Sends at most one POST; `outcome` moves the breaker. */
  async create(request: CreateRequest, signal: AbortSignal): Promise<CreateOutcome> {
    const { bk } = request.label;
    this.#underWay += 1;
    this.#unanswered.delete(bk);
    try {
      const outcome = await this.provider.create(request, signal);
      if (outcome.status === 'ambiguous') this.#unanswered.add(bk);
      else if (outcome.facts) this.#observe(outcome.facts);
      // That says something of this process, and nothing of the provider.
      if (outcome.status === 'refused' && outcome.reason === 'too-late') return outcome;
      this.#advance(breakerEvent(outcome));
      return outcome;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Sends at most one POST. What comes of it moves no breaker: batches go without a prime. */
  async prime(request: PrimeRequest, signal: AbortSignal): Promise<PrimeOutcome> {
    const outcome = await this.provider.prime(request, signal);
    if (outcome.status !== 'ambiguous' && outcome.facts) this.#observe(outcome.facts);
    return outcome;
  }

  /** True once the call of this incarnation for a batch is known to have ended without an answer. */
  isUnanswered(bk: string): boolean {
    return this.#unanswered.has(bk);
  }

  async list(options: ListOptions): Promise<BatchPage> {
    const page = await this.#listed(options);
    this.#observe(page.facts);
    this.#advance({ is: 'listed' });
    return page;
  }

  async #listed(options: ListOptions): Promise<BatchPage> {
    try {
      const page = await this.provider.list(options);
      this.#unlisted = null;
      return page;
    } catch (error) {
      this.#unlisted = { times: (this.#unlisted?.times ?? 0) + 1, why: String(error) };
      throw error;
    }
  }

  async results(pid: string): Promise<ResultRead> {
    const read = await this.provider.results(pid);
    this.#observe(read.facts);
    return read;
  }

  async cancel(pid: string): Promise<void> {
    this.#observe(await this.provider.cancel(pid));
  }

  /** Result lines said that the account is refused (credit, billing): as good as a refused create. */
  refuse(): void {
    this.#advance({ is: 'account-refused' });
  }

  /** A batch with our fleet id that our log does not know: the log was copied. Creates stop until a restart. */
  stopForForeignFleet(bk: string): void {
    this.#foreignFleet = bk;
  }

  #observe({ owner, serverDate }: ReplyFacts): void {
    this.#ownerSeen = owner;
    // Date has whole seconds: half of one is taken off, so that a good clock shows no lean.
    if (serverDate !== null) this.#clockOffMs = this.#clock.now() - serverDate - 500;
  }

  #advance(event: BreakerEvent): void {
    this.#breaker = nextBreaker(this.#breaker, event, { now: this.#clock.now(), wait: this.#timing });
  }
}

function breakerEvent(outcome: CreateOutcome): BreakerEvent {
  if (outcome.status === 'created') return { is: 'created' };
  if (outcome.status === 'ambiguous') return { is: 'unanswered' };
  switch (outcome.reason) {
    case 'account':
      return { is: 'account-refused' };
    case 'rate-limited':
    case 'overloaded':
      return { is: 'rate-limited', retryAfterMs: outcome.retryAfterMs };
    case 'not-connected':
      return { is: 'unanswered' };
    default:
      return { is: 'created' }; // the provider is there and answers: what it refused is this batch
  }
}

/** @throws FlotillaError not-found: a log of another configuration */
export function accountOf(accounts: ReadonlyMap<string, ProviderAccount>, name: string): ProviderAccount {
  const account = accounts.get(name);
  if (account) return account;
  throw new FlotillaError('provider-not-configured', {
    where: `account ${name}`,
    why: `the log holds batches of the account "${name}", which is not configured`,
    fix: `configure the provider "${name}" again, so that its batches can be collected`,
  });
}
