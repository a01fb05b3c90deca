import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Two halves of 16 MB. More saves no time here and costs twice its size, for what dies young holds buffers too. */
const youngBytesMax = 32 * 1024 * 1024;
const lookEveryMs = 20;

/**
 * Keeps V8's space for young objects from growing to 128 MB, which it does under load. Its limit can only be given on
 * node's own command line; by how much it grows is read anew each time.
 */
export function holdYoungSpace(): void {
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    if (young && young.space_size < youngBytesMax) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, lookEveryMs);
  timer.unref();
}
