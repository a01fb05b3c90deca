import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaClient } from './kafka-client.ts';
import { codeOf, codes, isLater } from './kafka-error.ts';

/** How long something is tried while brokers come and go. */
export interface Patience {
  totalMs: number;
  signal: AbortSignal;
}

const firstPauseMs = 20;
const pauseMsMax = 1_000;
/** The broker still writes the markers of the transaction before: kafkajs would wait 300 ms, which makes 6 of them a second. */
const markersPauseMs = 3;

/** Tries again what a broker may do later, after asking anew who leads what, and gives up after `totalMs`. */
export async function withPatience<T>(
  client: KafkaClient,
  { totalMs, signal }: Patience,
  act: () => Promise<T>,
  isWorthIt: (error: unknown) => boolean = isLater,
): Promise<T> {
  const until = performance.now() + totalMs;
  let pauseMs = firstPauseMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (signal.aborted || !isWorthIt(error) || performance.now() + pauseMs > until) throw error;
      if (codeOf(error) === codes.concurrentTransactions) {
        await sleep(markersPauseMs);
        continue;
      }
    }
    await sleep(pauseMs, null, { signal }).catch(() => {});
    await client.refresh().catch(() => {}); // the next try says what is wrong
    pauseMs = Math.min(pauseMs * 2, pauseMsMax);
  }
}
