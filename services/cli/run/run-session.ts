import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Money, sumOrUnknown } from '#core/money.ts';
import { type CacheTallies, cacheEffect } from '#core/prompt-cache/cache-effect.ts';
import type { ErrorCode } from '#errors/catalogue.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import type { Embedded } from '../embedded.ts';
import { AnswersFile } from './answers-file.ts';
import { readIntoLog } from './intake.ts';
import { ParkedElsewhere } from './parked-elsewhere.ts';
import { ParkedWatch } from './parked-watch.ts';
import { type ExpectedCost, projectedCost } from './projected-cost.ts';
import { RunFiles } from './run-files.ts';
import { RunLedger } from './run-ledger.ts';
import { type RunPosition, readRunPosition } from './run-position.ts';
import { RunPrimes } from './run-primes.ts';
import type { RunSnapshot } from './run-snapshot.ts';
import { viewOfRun } from './view-of-run.ts';

export interface RunSessionOptions {
  embedded: Embedded;
  run: string;
  /** Path of the input; its bytes are what the run is named by. */
  input: string;
  /** As it was given, for people. */
  inputName: string;
  task: string | null;
  out: string | null;
  deadLetters: string | null;
  cap: Money | null;
  /** What it is expected to cost, once that is known. */
  expected?: Promise<ExpectedCost | null>;
  signal: AbortSignal;
  onSnapshot: (snapshot: RunSnapshot) => void;
}

/** `parked`: all that is left waits for room under a cap. */
export type RunEnd = { is: 'done' | 'parked' | 'interrupted'; snapshot: RunSnapshot };

const snapshotEveryMs = 250;
const takeOverEveryMs = 500;
const projectWaitMs = 100;

/**
 * One run from its file to its answers: appends what is not yet in the log, becomes the engine unless another process is,
 * and writes the answers as they come. Every part of it goes on where an earlier process stopped.
 */
export class RunSession {
  readonly #options: RunSessionOptions;
  readonly #files: RunFiles;
  readonly #ledger: RunLedger;
  readonly #primes: RunPrimes;
  readonly #parkedWatch = new ParkedWatch();
  readonly #parkedElsewhere: ParkedElsewhere;
  readonly #startedAt = Date.now();
  /** An attached process follows the journal by itself, to see what the engine does. */
  #watched: ViewFollower | null = null;
  #position: RunPosition | null = null;
  #expected: ExpectedCost | null = null;

  constructor(options: RunSessionOptions) {
    this.#options = options;
    const { embedded, run, out, deadLetters } = options;
    refuseSamePaths(options);
    const { log, acquireLock } = embedded;
    this.#files = new RunFiles({ log, run, out, deadLetters, acquireLock });
    this.#ledger = new RunLedger(embedded.log, run);
    this.#primes = new RunPrimes(embedded.log, run);
    this.#parkedElsewhere = new ParkedElsewhere(embedded.log, run);
    void options.expected?.then(expected => {
      this.#expected = expected;
    });
  }

  async execute(): Promise<RunEnd> {
    const { embedded, run, signal } = this.#options;
    this.#position = await readRunPosition(embedded.log, run);
    // A finished run is told again from the log: the file may be gone, or another one.
    const isAnew = await this.#isFinished();
    const stopping = new AbortController();
    const ended = AbortSignal.any([signal, stopping.signal]);
    let intake: Promise<void> = Promise.resolve();
    try {
      await this.#files.open({ isAnew });
      intake = this.#intake(ended);
      const is = await Promise.race([this.#follow(ended), failureOf(intake)]);
      return { is, snapshot: await this.#snapshot() };
    } finally {
      stopping.abort();
      await intake.catch(() => {});
      await this.#files.close();
    }
  }

  async #isFinished(): Promise<boolean> {
    if (!this.#position?.isComplete) return false;
    const { embedded, run } = this.#options;
    const { log, acquireLock } = embedded;
    // Every line has a result of its own, so fewer results than lines need not be counted: there may be a million.
    if ((await log.endOffset('results', 0)) < this.#position.lines) return false;
    const counted = new AnswersFile({ log, run, topic: 'results', path: null, acquireLock });
    while ((await counted.project()) > 0 || !counted.isAtEnd) {
      // counted only
    }
    return counted.total >= this.#position.lines;
  }

  /** One process at a time reads a run's input: two would append, and buy, every document twice. */
  async #intake(signal: AbortSignal): Promise<void> {
    const { embedded, run, input, task } = this.#options;
    const { log } = embedded;
    const onProgress = (position: RunPosition): void => {
      this.#position = position;
    };
    while (!signal.aborted) {
      const lock = embedded.acquireLock(`intake-${run}`);
      if (lock) {
        try {
          this.#position = await readIntoLog({ log, run, input, task, signal, onProgress });
          return;
        } finally {
          lock.release();
        }
      }
      this.#position = await readRunPosition(log, run);
      if (this.#position?.isComplete) return;
      await sleep(takeOverEveryMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Projects answers until every line has one, with a snapshot now and then. */
  async #follow(signal: AbortSignal): Promise<RunEnd['is']> {
    let snapshotAt = -Infinity;
    let triedAt = -Infinity;
    while (!signal.aborted) {
      const now = performance.now();
      if (now - triedAt >= takeOverEveryMs) {
        triedAt = now;
        await this.#takeOver();
      }
      const projected = await this.#files.project();
      if (this.#isDone()) {
        if (this.#files.areOpen) return 'done';
        await this.#files.open(); // whoever writes them is about to end
      }
      if (now - snapshotAt >= snapshotEveryMs) {
        snapshotAt = now;
        const snapshot = await this.#snapshot();
        this.#options.onSnapshot(snapshot);
        throwIfHopeless(this.#options.embedded);
        if (this.#parkedWatch.isOnlyParkedLeft(snapshot)) return 'parked';
      }
      if (projected === 0) await this.#files.answers.waitForMore(projectWaitMs, signal);
    }
    return 'interrupted';
  }

  /** What another process had may be free by now: it ended, or was killed. */
  async #takeOver(): Promise<void> {
    if (!this.#files.areOpen) await this.#files.open();
    await this.#options.embedded.becomeEngine();
  }

  #isDone(): boolean {
    return (
      this.#position?.isComplete === true &&
      this.#files.answers.total >= this.#position.lines &&
      this.#files.deadLetters.isAtEnd
    );
  }

  async #snapshot(): Promise<RunSnapshot> {
    const { embedded, run, inputName, out, deadLetters, cap } = this.#options;
    await this.#ledger.update();
    const follower = await this.#view();
    await this.#primes.update();
    const primes = this.#primes.bought(follower.view);
    const { individual, retries, unpriced, batches } = this.#ledger;
    const billed = this.#ledger.billed + primes.cost;
    const ofView = viewOfRun(follower, { embedded, run, now: Date.now() });
    const parked = embedded.engine ? ofView.parked : await this.#parkedElsewhere.read(follower.view);
    const { succeeded = 0 } = this.#files.answers.counts;
    const answered = { succeeded, dead: this.#files.answers.total - succeeded };
    const total = this.#position?.lines ?? null;
    const isComplete = this.#position?.isComplete ?? false;
    const sums = { billed, answered: this.#files.answers.total, total, isComplete, expected: this.#expected };
    return {
      run,
      input: inputName,
      out,
      deadLetters,
      startedAt: this.#startedAt,
      elapsedMs: Date.now() - this.#startedAt,
      total,
      isComplete,
      answered,
      reused: this.#files.answers.reused,
      byCause: this.#files.deadLetters.counts as Partial<Record<ErrorCode, number>>,
      retries,
      cost: sumOrUnknown(billed, unpriced) === null ? null : { billed, individual, projected: projectedCost(sums) },
      cache: cacheOf(this.#ledger.cache, primes),
      unpriced,
      cap,
      simulated: embedded.isSimulated,
      role: embedded.engine ? 'engine' : 'attached',
      ...ofView,
      parked,
      batches: batches + ofView.atProvider.batches,
    };
  }

  async #view(): Promise<ViewFollower> {
    const { embedded } = this.#options;
    if (embedded.engine) {
      this.#watched = null;
      return embedded.engine.follower;
    }
    this.#watched ??= new ViewFollower(embedded.log);
    await this.#watched.catchUpAll();
    return this.#watched;
  }
}

function cacheOf(tallies: CacheTallies, primes: { count: number; cost: Money }): RunSnapshot['cache'] {
  const hasPlans = Object.values(tallies).some(({ batches }) => batches > 0);
  return hasPlans || primes.count > 0 ? { ...cacheEffect(tallies, primes.cost), tallies, primes: primes.count } : null;
}

/** Rounds in a row that a refusal has to last before it is believed. */
const refusalsBelieved = 3;

/**
 * What no waiting mends ends the command; nothing is lost by it, and the same command goes on once it is mended.
 * @throws FlotillaError provider-auth | owner-mismatch | foreign-fleet | log-newer
 */
function throwIfHopeless({ engine, accountName }: Embedded): void {
  if (!engine) return;
  for (const { error, failures } of engine.troubles()) {
    if (failures >= refusalsBelieved && error instanceof FlotillaError && error.code === 'provider-auth') throw error;
  }
  const hold = engine.accounts.get(accountName)?.hold(engine.follower.view);
  if (hold === 'owner-mismatch' || hold === 'foreign-fleet' || hold === 'log-newer') throw new FlotillaError(hold);
}

/** Writing the answers over the documents would be the end of both. */
function refuseSamePaths({ input, out, deadLetters }: RunSessionOptions): void {
  const fix = 'give --out and --dead-letters names of their own';
  for (const path of [out, deadLetters]) {
    const isSame = path !== null && path === input;
    if (isSame) throw new FlotillaError('invalid-usage', { where: path, why: 'it is the input', fix });
  }
  if (out === null || out !== deadLetters || !isRegularOrNew(out)) return;
  throw new FlotillaError('invalid-usage', { where: out, why: 'it cannot hold answers and dead letters', fix });
}

const isRegularOrNew = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;

/** Never resolves; rejects when the work does. */
const failureOf = (work: Promise<void>): Promise<never> => new Promise((_, reject) => void work.catch(reject));
