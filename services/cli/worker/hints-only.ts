import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { WorkQueue } from '#ports/work-queue.ts';

/**
 * A work queue that may be away: a job that cannot be added is derived again by the sweep, one that cannot be put back
 * comes back by itself. So nothing that a service does in the log fails because of it.
 */
export function hintsOnly(queue: WorkQueue, telemetry: Telemetry): WorkQueue {
  let isAway = false;
  const attempt = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act();
      isAway = false;
    } catch (error) {
      if (!(error instanceof FlotillaError) || error.code !== 'queue-unavailable') throw error;
      if (!isAway) telemetry.note('warn', 'hints-dropped', { why: error.message });
      isAway = true;
    }
  };
  return {
    add: job => attempt(() => queue.add(job)),
    take: (name, options) => queue.take(name, options),
    done: (name, id) => attempt(() => queue.done(name, id)),
    postpone: (name, id, delayMs) => attempt(() => queue.postpone(name, id, delayMs)),
    depths: () => queue.depths(),
    ...(queue.holdSubmits
      ? { holdSubmits: (account, ms) => attempt(async () => queue.holdSubmits?.(account, ms)) }
      : {}),
  };
}
