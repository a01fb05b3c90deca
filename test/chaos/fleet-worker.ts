import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from '#contracts/roles.ts';
import type { CrashSchedule } from './crash-schedule.ts';
import { type FleetProcess, isStopped, type ProcessEnd, startFleetProcess } from './fleet-process.ts';

export interface FleetWorkerOptions {
  name: string;
  roles: readonly Role[];
  folder: string;
  env: Readonly<Record<string, string>>;
  /** Crash points of workers with these roles, learnt from all their lives. */
  schedule: CrashSchedule;
  /** A life was ended by its own crash point. @returns true when the next life shall be, too */
  onNamedDeath(label: string): boolean;
  /** A life is over in a way that nobody wanted. */
  onUnexpectedEnd(end: ProcessEnd): void;
}

/** What a life meets at a crash point. */
interface Trap {
  variable: 'CRASH_AT' | 'FREEZE_AT';
  label: string;
  visit: number;
}

/** What ends right after its start is not started again in a tight loop. */
const restartPauseMs = 1_000;

/** A place in the fleet: whatever ends the process in it, the next one is started, as an orchestrator does. */
export class FleetWorker {
  readonly name: string;
  readonly #options: FleetWorkerOptions;
  #process: FleetProcess | null = null;
  /** Of the present life, until it has sprung. */
  #trap: Trap | null = null;
  /** Of the life that comes next. */
  #nextTrap: Trap | null = null;
  #isEndWanted = false;
  #isOver = false;
  #startedOn = 0;
  #life: Promise<void> = Promise.resolve();

  constructor(options: FleetWorkerOptions) {
    this.#options = options;
    this.name = options.name;
  }

  get roles(): readonly Role[] {
    return this.#options.roles;
  }

  /** A crash point is set for this life and was not reached yet. */
  get isArmed(): boolean {
    return this.#trap !== null;
  }

  /** For how long the present life has lasted, ms. */
  get ageMs(): number {
    return performance.now() - this.#startedOn;
  }

  get #points(): string {
    return join(this.#options.folder, `${this.name}-points`);
  }

  start(): void {
    this.#life = this.#liveOn();
  }

  /** Ends this life at once; the next one has no trap. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL', null);
  }

  /** Ends this life at once; the next one ends by itself at a crash point, when one is known. */
  async killThenArm(): Promise<void> {
    await this.#end('SIGKILL', this.#draw('CRASH_AT'));
  }

  /** Asks it to end in order. @returns how it did and how long it took; the next life begins at once */
  async drain(): Promise<ProcessEnd & { tookMs: number }> {
    const askedOn = performance.now();
    const end = await this.#end('SIGTERM', null);
    return { ...end, tookMs: performance.now() - askedOn };
  }

  /** Stands still for a while at any moment, then goes on from where it was. */
  async freeze(forMs: number, signal: AbortSignal): Promise<void> {
    const frozen = this.#process;
    frozen?.signal('SIGSTOP');
    await sleep(forMs, undefined, { signal }).catch(() => {});
    frozen?.signal('SIGCONT');
  }

  /** As `freeze`, at a crash point of its next life. @returns the crash point, or null when it did not come in time */
  async freezeAtPoint(forMs: number, { withinMs, signal }: FreezeBounds): Promise<string | null> {
    const trap = this.#draw('FREEZE_AT');
    await this.#end('SIGTERM', trap);
    const giveUpOn = performance.now() + withinMs;
    while (!signal.aborted && performance.now() < giveUpOn) {
      await sleep(100);
      const frozen = this.#process;
      if (!this.#trap || !frozen || !isStopped(frozen.pid)) continue;
      await sleep(forMs, undefined, { signal }).catch(() => {});
      this.#trap = null;
      frozen.signal('SIGCONT');
      return trap?.label ?? null;
    }
    // Whatever comes later than this would freeze it for ever.
    if (this.#trap) await this.#end('SIGTERM', null);
    return null;
  }

  /** No life follows the present one. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#isOver = true;
    this.#isEndWanted = true;
    this.#process?.signal('SIGCONT');
    this.#process?.signal(signal);
    await this.#life;
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL', next: Trap | null): Promise<ProcessEnd> {
    const ending = this.#process;
    if (!ending) throw new Error(`${this.name} was never started`);
    this.#nextTrap = next;
    this.#isEndWanted = true;
    ending.signal('SIGCONT');
    ending.signal(signal);
    return ending.ended;
  }

  /** What the present life has passed is known to the next: of the first lives nothing else is. */
  #draw(variable: Trap['variable']): Trap | null {
    this.#options.schedule.learn(readLines(this.#points));
    const death = this.#options.schedule.next('named');
    return death.is === 'named' ? { variable, label: death.label, visit: death.visit } : null;
  }

  async #liveOn(): Promise<void> {
    while (!this.#isOver) {
      [this.#trap, this.#nextTrap] = [this.#nextTrap, null];
      this.#isEndWanted = false;
      this.#startedOn = performance.now();
      this.#process = this.#spawn();
      const end = await this.#process.ended;
      this.#report(end);
      this.#options.schedule.learn(readLines(this.#points));
      rmSync(this.#points, { force: true });
      if (!this.#isOver && this.ageMs < restartPauseMs) await sleep(restartPauseMs);
    }
  }

  #spawn(): FleetProcess {
    const { roles, folder, env } = this.#options;
    const trap = this.#trap ? { [this.#trap.variable]: `${this.#trap.label}:${this.#trap.visit}` } : {};
    return startFleetProcess({
      args: ['worker', '--roles', roles.join(','), '--port', '0'],
      cwd: folder,
      env: { ...env, FLOTILLA_WORKER: this.name, CRASH_POINTS_FILE: this.#points, ...trap },
      logPath: join(folder, `${this.name}.log`),
    });
  }

  #report(end: ProcessEnd): void {
    const trap = this.#trap;
    this.#trap = null;
    if (this.#isEndWanted) return;
    if (end.signal !== 'SIGKILL' || trap?.variable !== 'CRASH_AT') this.#options.onUnexpectedEnd(end);
    else if (this.#options.onNamedDeath(trap.label)) this.#nextTrap = this.#draw('CRASH_AT');
  }
}

interface FreezeBounds {
  withinMs: number;
  signal: AbortSignal;
}

const readLines = (path: string): string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
