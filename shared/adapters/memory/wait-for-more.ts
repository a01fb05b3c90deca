import type { Mark } from '#ports/log.ts';
import type { ClusterState } from './cluster-state.ts';

/** Resolves on the append or commit that lets a reader beyond one of the marks; nothing is polled. */
export async function waitForMore(
  cluster: ClusterState,
  marks: readonly Mark[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  if (signal?.aborted || timeoutMs <= 0) return;
  const waits = marks.map(mark => ({ partition: cluster.partition(mark.topic, mark.partition), from: mark.from }));
  if (waits.some(({ partition, from }) => partition.stableOffset > from)) return;

  const timer = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = (): void => resolve();
  for (const { partition, from } of waits) partition.wait(from, wake);
  signal?.addEventListener('abort', wake);
  cluster.sleep(timeoutMs, timer.signal).then(wake, wake);
  await promise;
  for (const { partition } of waits) partition.stopWaiting(wake);
  signal?.removeEventListener('abort', wake);
  timer.abort(true); // with a reason, because without one an exception is made each time
}
