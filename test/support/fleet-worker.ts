import type { Role } from '#contracts/roles.ts';
import { type Ended, type SpawnedFlotilla, spawnFlotilla } from './spawn-flotilla.ts';
import { waitUntil } from './wait-until.ts';

export interface WorkerSpec {
  /** Absent: all of them. */
  roles?: readonly Role[];
  /** Such as `CRASH_AT` or the address of a proxy; over that of the fleet. */
  env?: Readonly<Record<string, string>>;
}

/** A worker of a fleet under test: a place that one process after another may take. */
export interface FleetWorker {
  name: string;
  roles: readonly Role[];
  pid(): number;
  isRunning(): boolean;
  isFrozen(): boolean;
  /** Lives so far. */
  lives(): number;
  /** Of the life that runs, or ran last. */
  ended(): Promise<Ended>;
  written(): { stdout: string; stderr: string };
  /** Resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<Ended>;
  freeze(): void;
  thaw(): void;
  /** A new process in its place; `env` over what it had. Does not wait until it works. */
  respawn(env?: Readonly<Record<string, string>>): void;
  /** Where its health is served; waits for it. */
  url(): Promise<string>;
  /** Resolves once `/readyz` says so. */
  ready(withinMs?: number): Promise<void>;
}

/** Longer than any chaos run. */
const lifeMaxMs = 3_600_000;

export function startFleetWorker(options: {
  name: string;
  spec: WorkerSpec;
  cwd: string;
  env: Readonly<Record<string, string>>;
}): FleetWorker {
  const { name, spec, cwd } = options;
  const roles: readonly Role[] = spec.roles ?? ['accumulator', 'submitter', 'poller', 'sweeper'];
  const args = ['worker', '--json', '--roles', roles.join(','), '--name', name, '--port', '0'];
  const spawnOne = (env: Readonly<Record<string, string>>): SpawnedFlotilla =>
    spawnFlotilla({ args, cwd, env: { ...options.env, ...spec.env, ...env }, lifeMaxMs });
  let child = spawnOne({});
  let lives = 1;
  let isFrozen = false;
  const worker: FleetWorker = {
    name,
    roles,
    pid: () => child.pid,
    isRunning: () => !child.hasEnded(),
    isFrozen: () => isFrozen,
    lives: () => lives,
    ended: () => child.ended,
    written: () => child.written(),
    kill(signal = 'SIGKILL') {
      child.signal(signal);
      if (isFrozen) child.signal('SIGCONT');
      isFrozen = false;
      return child.ended;
    },
    freeze() {
      isFrozen = child.signal('SIGSTOP');
    },
    thaw() {
      child.signal('SIGCONT');
      isFrozen = false;
    },
    respawn(env = {}) {
      if (!child.hasEnded()) throw new Error(`${name} still runs`);
      child = spawnOne(env);
      lives += 1;
      isFrozen = false;
    },
    async url() {
      await waitUntil(`${name} says where it is`, () => child.hasEnded() || /"url":/.test(child.written().stdout));
      const line = child
        .written()
        .stdout.split('\n')
        .find(text => text.includes('"url":'));
      if (line !== undefined) return (JSON.parse(line) as { url: string }).url;
      throw new Error(`${name} ended before it served anything: ${child.written().stderr}`);
    },
    async ready(withinMs = 60_000) {
      const url = await worker.url();
      const isReady = async (): Promise<boolean> => {
        if (child.hasEnded()) throw new Error(`${name} ended: ${child.written().stderr}`);
        return (await fetch(`${url}/readyz`).catch(() => null))?.status === 200;
      };
      await waitUntil(`${name} is ready`, isReady, { withinMs });
    },
  };
  return worker;
}
