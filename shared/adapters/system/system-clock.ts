import type { Clock } from '#ports/clock.ts';

/** What a timer of Node can wait at most; longer sleeps take several. */
const timerMsMax = 2 ** 31 - 1;

/** The clocks of this computer. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    let left = ms;
    do {
      await sleepOnce(Math.min(Math.max(left, 0), timerMsMax), signal);
      left -= timerMsMax;
    } while (left > 0 && !signal?.aborted);
  },
};

function sleepOnce(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) return resolve();
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal?.addEventListener('abort', wake);
  });
}
