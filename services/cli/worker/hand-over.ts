import type { Clock } from '#ports/clock.ts';
import type { RunningRoles } from '../start-roles.ts';
import { countOf } from '../terminal/format-count.ts';

/** What a worker that stops leaves to the others. */
export interface HandedOver {
  lanes: number;
  /** Documents in them: not sealed, so their records are read again by whoever owns the partition. */
  documents: number;
  /** Rounds that were finished in time. */
  finished: number;
  /** Names of those that were not: what became of them is found out by others. */
  unfinished: string[];
  /** True when nothing is under way any more. */
  isComplete: boolean;
  tookMs: number;
}

/**
 * Stops the loops. Open lanes are uncommitted input: nothing is flushed, because half-empty batches would cost more than
 * reading their records again.
 */
export async function handOver(
  running: Pick<RunningRoles, 'openLanes' | 'progress' | 'stop'>,
  { clock, limitMs }: { clock: Clock; limitMs: number },
): Promise<HandedOver> {
  const begunOn = clock.monotonic();
  const underWay = running.progress.underWay().length;
  const timeout = new AbortController();
  const stopped = running.stop().then(() => true);
  const isComplete = await Promise.race([stopped, clock.sleep(limitMs, timeout.signal).then(() => false)]);
  timeout.abort();
  const lanes = running.openLanes();
  const unfinished = isComplete ? [] : running.progress.underWay();
  return {
    lanes: lanes.length,
    documents: lanes.reduce((sum, { items }) => sum + items, 0),
    finished: underWay - unfinished.length,
    unfinished,
    isComplete,
    tookMs: clock.monotonic() - begunOn,
  };
}

/** One line. */
export function handedOverInWords({ lanes, documents, unfinished, tookMs }: HandedOver): string {
  const left = lanes === 0 ? 'no open lane' : `${countOf(lanes, 'open lane')} with ${countOf(documents, 'document')}`;
  const names = [...new Set(unfinished)].sort().join(', ');
  const rest =
    unfinished.length === 0 ? 'nothing under way' : `${countOf(unfinished.length, 'round')} not finished (${names})`;
  return `handed over: ${left}; ${rest}; after ${(tookMs / 1_000).toFixed(1)} s`;
}
