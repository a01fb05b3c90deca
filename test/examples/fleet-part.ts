import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFleetProcess } from '#test/chaos/fleet-process.ts';
import { waitUntil } from '#test/support/wait-until.ts';

/** One `flotilla` process of the fleet on one machine. */
export interface FleetPart {
  name: string;
  /** What it said that it serves; waits for it. */
  address(): Promise<string>;
  /** Resolves once `/readyz` says so. */
  ready(): Promise<void>;
  /** Never resolves; rejects when it ends by itself. */
  failed(): Promise<never>;
  /** In order, and by force when that takes too long. */
  stop(): Promise<void>;
}

/** A worker may take 10 s to hand over. */
const stopMsMax = 12_000;

/** @param options.folder where its log goes, as `<name>.log` */
export function startFleetPart(options: {
  name: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  folder: string;
}): FleetPart {
  const { name, args, env, cwd, folder } = options;
  const logPath = join(folder, `${name}.log`);
  const child = startFleetProcess({ args, env, cwd, logPath, isDetached: true });
  let isStopping = false;
  const written = (): string => readFileSync(logPath, 'utf8');
  const ended = (): Error => new Error(`${name} has ended:\n${written().slice(-2_000)}`);
  const address = async (): Promise<string> => {
    const found = (): string | undefined => /"(?:url|baseUrl)":"([^"]+)"/.exec(written())?.[1];
    await waitUntil(`${name} says where it is`, () => child.hasEnded() || found() !== undefined);
    const url = found();
    if (url === undefined) throw ended();
    return url;
  };
  return {
    name,
    address,
    async ready() {
      const url = await address();
      await waitUntil(`${name} is ready`, async () => {
        if (child.hasEnded()) throw ended();
        return (await fetch(`${url}/readyz`).catch(() => null))?.status === 200;
      });
    },
    async failed() {
      await child.ended;
      if (!isStopping) throw ended();
      return new Promise<never>(() => {});
    },
    async stop() {
      isStopping = true;
      child.signal('SIGTERM');
      const force = setTimeout(() => child.signal('SIGKILL'), stopMsMax);
      await child.ended;
      clearTimeout(force);
    },
  };
}
