import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Clock } from '#ports/clock.ts';
import type { Telemetry } from '#ports/telemetry.ts';

/** Something a service does again and again. A round waits by itself when there is nothing to do. */
export interface Loop {
  name: string;
  round(signal: AbortSignal): Promise<void>;
}

/** A loop whose last rounds failed, and why: what keeps it from working now. */
export interface Trouble {
  loop: string;
  error: unknown;
  /** Rounds that failed in a row. */
  failures: number;
}

const failureDelayMinMs = 200;
const failureDelayMaxMs = 10_000;

/**
 * Runs every loop until `signal` is aborted. A round that fails is noted and tried again after a growing pause: nothing a
 * round does is lost by failing, because the next one looks at the log.
 */
export async function runLoops(loops: readonly Loop[], options: LoopOptions): Promise<void> {
  const { clock, telemetry, signal } = options;
  let toldOn: number | null = null;
  telemetry.gauge('flotilla_draining', 0);
  const drain = (): void => {
    toldOn = clock.monotonic();
    telemetry.gauge('flotilla_draining', 1);
  };
  signal.addEventListener('abort', drain, { once: true });
  await Promise.all(loops.map(loop => runLoop(loop, options)));
  signal.removeEventListener('abort', drain);
  if (toldOn !== null) telemetry.observe('flotilla_drain_seconds', (clock.monotonic() - toldOn) / 1_000);
}

export interface LoopOptions {
  clock: Clock;
  telemetry: Telemetry;
  signal: AbortSignal;
  /** Told after a round that failed, and with null after the first that did not. */
  onTrouble?: (loop: Loop, trouble: Trouble | null) => void;
}

async function runLoop(loop: Loop, { clock, telemetry, signal, onTrouble }: LoopOptions): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      await loop.round(signal);
      if (failures > 0) onTrouble?.(loop, null);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      onTrouble?.(loop, { loop: loop.name, error, failures });
      noteFailure(loop.name, error, telemetry);
      await clock.sleep(Math.min(failureDelayMaxMs, failureDelayMinMs * 2 ** (failures - 1)), signal);
    }
  }
}

function noteFailure(name: string, error: unknown, telemetry: Telemetry): void {
  const code = error instanceof FlotillaError ? error.code : 'internal';
  telemetry.count('flotilla_loop_failures_total', 1, { loop: name, code });
  const stack = code === 'internal' && error instanceof Error ? error.stack : undefined;
  telemetry.note(code === 'fenced' ? 'info' : 'warn', 'round-failed', {
    loop: name,
    code,
    error: String(error),
    stack,
  });
}
