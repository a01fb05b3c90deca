import type { TestContext } from 'node:test';
import { type SpawnedFlotilla, spawnFlotilla } from './spawn-flotilla.ts';
import { waitUntil } from './wait-until.ts';

/** A real `flotilla console` process. */
export interface TestConsole {
  url: string;
  process: SpawnedFlotilla;
  /** `/api/overview`, parsed. */
  overview(): Promise<ConsoleOverview>;
}

/** What tests look at of it. */
export interface ConsoleOverview {
  state: string;
  asOf: number | null;
  source: { simulated: boolean };
  intake: { unsealed: number } | null;
  documents: { read: number; succeeded: number; dead: number; copies: number; retriesWaiting: number } | null;
  batches: { open: number; settled: number } | null;
  deadLetters: { causes: { cause: string; count: number }[] } | null;
  money: { billed: { usd: string }; individual: { usd: string } } | null;
  workers: { isKnown: boolean; shown?: { worker: string; roles: string[] }[] };
  lanes: { isKnown: boolean; count?: number };
}

/** Starts one on a free port of loopback; it ends with the test. */
export async function startTestConsole(
  test: TestContext,
  options: { cwd: string; env?: Readonly<Record<string, string>> },
): Promise<TestConsole> {
  const child = spawnFlotilla({ ...options, args: ['console', '--json', '--port', '0'] });
  test.after(async () => {
    child.signal('SIGCONT');
    child.signal('SIGTERM');
    await child.ended;
  });
  const written = (): string => child.written().stdout;
  await waitUntil('the console says where it is', () => written().includes('\n') || child.hasEnded());
  if (child.hasEnded()) throw new Error(`flotilla console ended: ${(await child.ended).stderr}`);
  const { url } = JSON.parse(written()) as { url: string };
  return {
    url,
    process: child,
    overview: async () => (await (await fetch(`${url}/api/overview`)).json()) as ConsoleOverview,
  };
}
