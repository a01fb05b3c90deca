import {
  candidates,
  type Look,
  type LookedAt,
  lookBackTo,
  lookDelayMs,
  orphans,
  type ResolveContext,
  resolve,
  vanished,
  watch,
} from '#core/look.ts';
import type { Timing } from '#core/timing.ts';
import type { Batch } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import type { LookTurns } from '#runtime/look-turns.ts';
import { endedByReply, type ProviderAccount } from '#runtime/provider-account.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import { type WorkMeter, workMeterOf } from '#runtime/work-meter.ts';
import { Identities } from './identities.ts';
import { type AccountLook, lookAtAccount } from './look-at-account.ts';

export interface WatcherPorts {
  log: Log;
  queue: WorkQueue;
  clock: Clock;
  telemetry: Telemetry;
  follower: ViewFollower;
  timing: Timing;
  /** Who of several processes looks; absent: this one. */
  turns?: LookTurns;
  /** Pages of one look at most; an INTENT that lies beyond them waits. */
  listPagesMax?: number;
}

/** How often an account with nothing open is asked, so that its owner is known before the first create. */
const idleLookMs = 5_000;

/** A process that looks for all may be late by so much before another one takes its place. */
const silentMsMax = 1_000;

/** The look of one account: one listing, three decisions (protocol §6). */
export class Watcher {
  readonly #account: ProviderAccount;
  readonly #ports: WatcherPorts;
  #identities: Identities | null = null;
  readonly #alarmed = new Set<string>();
  readonly #canceled = new Set<string>();
  #lookedOn = -Infinity;
  readonly #meter: WorkMeter;

  constructor(account: ProviderAccount, ports: WatcherPorts) {
    this.#account = account;
    this.#ports = ports;
    this.#meter = workMeterOf(ports);
  }

  /** One turn of the loop: waits until a look is due, which may be sooner once a batch is opened, and looks. */
  async runWhenDue(signal: AbortSignal): Promise<void> {
    const { follower, log, clock, timing } = this.#ports;
    await follower.catchUp();
    const waitMs = this.#lookedOn + this.#delayMs() - clock.monotonic();
    if (waitMs <= 0) {
      if (await this.#othersLook()) return;
      const startedOn = clock.monotonic();
      await this.runOnce();
      this.#lookedOn = startedOn; // one that failed is due again: a key that is refused shows at once, not every 5 s
      return;
    }
    // From before the sleep: what was opened meanwhile makes the look sooner too.
    const mark = { topic: 'journal', partition: 0, from: follower.positions.journalOffset } as const;
    await clock.sleep(Math.min(waitMs, timing.lookMinMs), signal);
    if (waitMs <= timing.lookMinMs) return;
    await log.waitForMore([mark], waitMs - timing.lookMinMs, signal);
  }

  /** A look of another process serves this one too, unless this one needs a reply of its own. */
  async #othersLook(): Promise<boolean> {
    const { turns, clock } = this.#ports;
    if (!turns || this.#isProbe()) return false;
    const delayMs = this.#delayMs();
    const sinceMs = await turns.sinceOther(this.#account.name);
    // Whoever looked last goes on looking, until it is silent for longer than it ought to be.
    if (sinceMs !== null && sinceMs < delayMs + silentMsMax) {
      this.#lookedOn = clock.monotonic() - sinceMs + silentMsMax;
      return true;
    }
    await turns.take(this.#account.name, delayMs);
    return false;
  }

  #isProbe(): boolean {
    const hold = this.#account.hold(this.#ports.follower.view);
    return this.#account.breaker.is === 'half-open' || (hold !== null && endedByReply.has(hold));
  }

  #delayMs(): number {
    const { follower, clock, timing } = this.#ports;
    const delay = lookDelayMs(follower.view, this.#account.name, { now: clock.now(), timing });
    if (this.#account.breaker.is === 'half-open') return Math.min(delay ?? Infinity, timing.breakerMinMs / 4);
    return delay ?? Math.min(idleLookMs, timing.lookMaxMs);
  }

  /** One look, unless nothing wants one. A failed list is not an event: the next one comes. */
  async runOnce(): Promise<void> {
    const { follower, clock, timing } = this.#ports;
    const { view } = follower;
    const isOpen = this.#account.breaker.is === 'open';
    this.#ports.telemetry.gauge('flotilla_breaker_open', isOpen ? 1 : 0, { account: this.#account.name });
    const isNeeded = lookDelayMs(view, this.#account.name, { now: clock.now(), timing }) !== null;
    if (!isNeeded && !this.#isProbe()) return;
    await this.#meter.run('look', () => this.#look());
  }

  async #look(): Promise<void> {
    const { follower, clock, timing, telemetry, listPagesMax: pagesMax } = this.#ports;
    const backTo = lookBackTo(follower.view, this.#account.name, timing);
    const look = await lookAtAccount(this.#account, { clock, backTo, pagesMax });
    await follower.catchUpAll();
    if (!(await this.#isOwnAccount(look))) {
      telemetry.count('flotilla_looks_total', 1, { outcome: 'owner-mismatch' });
      return;
    }
    telemetry.count('flotilla_looks_total', 1, { outcome: 'listed' });
    await this.#decide(look);
  }

  /** Nothing is decided from another owner's list: absence there proves nothing (C25). */
  async #isOwnAccount({ owner }: AccountLook): Promise<boolean> {
    const { follower, telemetry } = this.#ports;
    const { name, provider } = this.#account;
    if (!follower.view.fleet) return false;
    if (owner !== null && !follower.view.accounts.has(name)) {
      await follower.append({
        kind: 'ACCOUNT',
        account: name,
        provider: provider.provider,
        baseUrl: provider.baseUrl,
        owner,
      });
      await follower.catchUp();
    }
    const pinned = follower.view.accounts.get(name);
    if (pinned?.owner === owner && pinned.baseUrl === provider.baseUrl) return true;
    telemetry.note('error', 'owner-mismatch', { account: name, pinned: pinned?.owner, seen: owner });
    return false;
  }

  async #decide(look: Look): Promise<void> {
    const { follower, queue, timing } = this.#ports;
    const { view } = follower;
    const gone = vanished(view, look, { account: this.#account.name, timing });
    const { name: account } = this.#account;
    for (const bk of [...watch(view, look), ...gone]) await queue.add({ queue: 'collect', id: bk, account });
    const isOpen = (batch: Batch): boolean => batch.account === this.#account.name && batch.state.is === 'intent';
    for (const batch of [...follower.view.batches.values()].filter(isOpen)) await this.#resolve(batch, look);
    await this.#handleOrphans(look);
  }

  async #resolve(batch: Batch, look: Look): Promise<void> {
    const { follower, clock, timing, telemetry, queue } = this.#ports;
    const { state, bk, sub } = batch;
    if (state.is !== 'intent') return;
    // Unless its call is known to have ended it may still be under way.
    const isOver = this.#account.isUnanswered(bk) || clock.now() - state.intent.at >= timing.sendMs + timing.httpMs;
    if (!isOver) return;
    await this.#learnIdentities(batch, look);
    if (batch.state !== state) return; // somebody resolved it while we read
    const resolution = resolve(follower.view, batch, look, this.#context());
    if (resolution.is === 'wait') return;
    if (resolution.is === 'absent' && this.#account.isClockOff) return;
    telemetry.count('flotilla_resolved_total', 1, { how: resolution.is });
    telemetry.note('info', 'create-resolved', { bk, sub, how: resolution.is });
    if (resolution.is === 'created') await follower.append({ kind: 'CREATED', bk, sub, pid: resolution.pid });
    else await follower.append({ kind: 'ABORTED', bk, sub, why: 'absent' });
    await follower.catchUp();
    await queue.add({ queue: resolution.is === 'created' ? 'collect' : 'submit', id: bk, account: batch.account });
  }

  async #learnIdentities(batch: Batch, look: Look): Promise<void> {
    if (this.#account.provider.hasLabels) return;
    const { telemetry } = this.#ports;
    for (const listed of candidates(this.#ports.follower.view, batch, look, this.#context())) {
      if (!(await this.#learnIdentity(listed))) continue;
      telemetry.count('flotilla_suspected_double_purchase_total');
      telemetry.note('error', 'batch-silent', { pid: listed.pid, bk: batch.bk });
    }
  }

  /** One batch that cannot be read now must not hold up the others. @returns true when it turned silent */
  async #learnIdentity(listed: LookedAt): Promise<boolean> {
    try {
      return await this.#known().learn(listed, pid => this.#account.results(pid));
    } catch (error) {
      this.#ports.telemetry.note('info', 'identity-unread', { pid: listed.pid, error: String(error) });
      return false;
    }
  }

  #known(): Identities {
    const { follower, clock, timing } = this.#ports;
    this.#identities ??= new Identities({ fleet: follower.view.fleet?.id ?? '', clock, timing });
    return this.#identities;
  }

  #context(): ResolveContext {
    const { follower, timing } = this.#ports;
    const { hasLabels } = this.#account.provider;
    return { fleet: follower.view.fleet?.id ?? '', hasLabels, identities: this.#known().seen(), timing };
  }

  async #handleOrphans(look: Look): Promise<void> {
    const { follower, telemetry } = this.#ports;
    const ended = new Set(look.batches.flatMap(({ pid, hasEnded }) => (hasEnded ? pid : [])));
    for (const orphan of orphans(follower.view, look, this.#context())) {
      const { pid, bk, isForeignFleet, isBoundElsewhere } = orphan;
      if (!this.#alarmed.has(pid)) {
        this.#alarmed.add(pid);
        telemetry.note('error', isForeignFleet ? 'foreign-fleet' : 'orphan-batch', { pid, bk });
        if (isForeignFleet) this.#account.stopForForeignFleet(bk);
        else telemetry.count('flotilla_suspected_double_purchase_total');
      }
      if (isBoundElsewhere && this.#account.provider.hasLabels && !ended.has(pid)) await this.#cancel(pid);
    }
  }

  /** Once; what fails is asked for again at the next look. */
  async #cancel(pid: string): Promise<void> {
    if (this.#canceled.has(pid)) return;
    try {
      await this.#account.cancel(pid);
      this.#canceled.add(pid);
    } catch (error) {
      this.#ports.telemetry.note('warn', 'cancel-failed', { pid, error: String(error) });
    }
  }
}
