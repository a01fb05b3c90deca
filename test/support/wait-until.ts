import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for a condition that nobody can signal: what another process wrote or became.
 * @throws Error when it does not come true in time
 */
export async function waitUntil(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  { withinMs = 60_000 }: { withinMs?: number } = {},
): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > giveUpAt) throw new Error(`waited ${withinMs / 1_000} s in vain: ${what}`);
    await sleep(20);
  }
}
