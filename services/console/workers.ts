import { parseWorkerHint, type WorkerHint, workerHintPrefix } from '#contracts/worker-hint.ts';
import type { Hints } from '#ports/hints.ts';

/** What workers say of themselves now. Hints: none of it is in the log, and a silent worker may still be at work. */
export type Workers =
  | { isKnown: true; workers: WorkerHint[]; unreadable: number }
  /** Nobody can say; never to be shown as none. */
  | { isKnown: false; why: string };

/** @param hints null where no worker could leave any */
export async function readWorkers(hints: Hints | null): Promise<Workers> {
  if (!hints) return { isKnown: false, why: 'no hints are configured' };
  try {
    const found = (await hints.list(workerHintPrefix)).map(({ value }) => parseWorkerHint(value));
    const workers = found.flatMap(hint => hint ?? []).sort((a, b) => (a.worker < b.worker ? -1 : 1));
    return { isKnown: true, workers, unreadable: found.length - workers.length };
  } catch (error) {
    return { isKnown: false, why: error instanceof Error ? error.message : String(error) };
  }
}
