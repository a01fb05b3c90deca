import type { Clock } from '#ports/clock.ts';
import type { Readiness } from '../health/health-server.ts';

const watchEveryMs = 1_000;
/** What was stuck for so long is not helped by waiting. */
const stuckMsMax = 10_000;

/**
 * Watches until it is told to stop.
 * @returns why the process had better be started anew, or null when it was told to stop
 */
export async function watchLiveness(
  liveness: () => readonly Readiness[],
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<string | null> {
  let stuckSince: number | null = null;
  while (!signal.aborted) {
    const stuck = liveness().filter(({ isOk }) => !isOk);
    stuckSince = stuck.length === 0 ? null : (stuckSince ?? clock.monotonic());
    if (stuckSince !== null && clock.monotonic() - stuckSince >= stuckMsMax) {
      return stuck.map(({ name, found }) => `${name}: ${found}`).join('; ');
    }
    await clock.sleep(watchEveryMs, signal);
  }
  return null;
}
