import { constants, type NodeGCPerformanceDetail, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';

/** Two halves of 32 MB: fewer collections than with 16 MB; more costs memory, for what dies young holds buffers too. */
const youngBytesMax = 64 * 1024 * 1024;
const lookEveryMs = 20;
/** The old space, buffers included, is collected when it has grown by so much of what lived. By itself V8 lets it grow up to fourfold. */
const oldGrowthPercentMin = 120;
const oldGrowthPercentMax = 260;
/**
 * Of a worker it is not collected before it has so many bytes: what passes through is buffers, and forty megabytes that live were
 * collected four times a second for them.
 */
export const workerOldBytesFree = 144 * 1024 * 1024;

/**
 * Bounds the heap of a process that may work for days: a run of a million documents is to need hardly more memory than
 * one of a hundred thousand. V8's limit of the young space can only be given on node's own command line; by how much it
 * grows is read anew each time.
 */
export function holdHeap({ oldBytesFree = 0 }: { oldBytesFree?: number } = {}): void {
  boundOldSpace(oldBytesFree);
  if (oldBytesFree > 0) {
    new PerformanceObserver(list => {
      const kinds = list.getEntries().map(entry => (entry as { detail?: NodeGCPerformanceDetail }).detail?.kind);
      if (kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR)) boundOldSpace(oldBytesFree);
    }).observe({ entryTypes: ['gc'] });
  }
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    if (young && young.space_size < youngBytesMax) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, lookEveryMs);
  timer.unref();
}

/** It is read when the next collection ends, of what lives then: after a burst that may be many times what lives now. */
function boundOldSpace(bytesFree: number): void {
  const toFree = Math.floor((bytesFree / getHeapStatistics().used_heap_size - 1) * 100);
  const percent = Math.min(Math.max(oldGrowthPercentMin, toFree), oldGrowthPercentMax);
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
