import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Two halves of 32 MB: fewer collections than with 16 MB; more costs memory, for what dies young holds buffers too. */
const youngBytesMax = 64 * 1024 * 1024;
const lookEveryMs = 20;
/** The old space is collected when it has grown by so much of what lived. By itself V8 lets it grow up to fourfold. */
const oldGrowthPercent = 120;

/**
 * Bounds the heap of a process that may work for days: a run of a million documents is to need hardly more memory than
 * one of a hundred thousand. V8's limit of the young space can only be given on node's own command line; by how much it
 * grows is read anew each time.
 */
export function holdHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${oldGrowthPercent}`);
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    if (young && young.space_size < youngBytesMax) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, lookEveryMs);
  timer.unref();
}
