import type { Clock } from '#ports/clock.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import type { Hold, ProviderAccount } from './provider-account.ts';
import type { ViewFollower } from './view-follower.ts';

/** What the very next step ends; everything else lasts, and another process may not have it. */
const passing: ReadonlySet<Hold> = new Set(['owner-unseen', 'no-fleet']);
const hesitateMs = 1_000;

/**
 * A work queue for a process among others: while it may create nothing itself it takes a job only now and then, to close
 * what was canceled or is too late. Else it would take each job again the moment it is due, only to put it back, and
 * another process whose creates are not held would never get it.
 */
export function hesitateWhileHeld(
  queue: WorkQueue,
  options: { accounts: ReadonlyMap<string, ProviderAccount>; follower: ViewFollower; clock: Clock },
): WorkQueue {
  const { accounts, follower, clock } = options;
  const isHeld = (): boolean =>
    [...accounts.values()].every(account => {
      const hold = account.hold(follower.view);
      return hold !== null && !passing.has(hold);
    });
  return {
    add: job => queue.add(job),
    done: (name, id) => queue.done(name, id),
    postpone: (name, id, delayMs) => queue.postpone(name, id, delayMs),
    depths: () => queue.depths(),
    async take(name, given) {
      if (name === 'retry' || !isHeld()) return queue.take(name, given);
      await clock.sleep(hesitateMs, given.signal);
      return given.signal?.aborted ? [] : queue.take(name, { ...given, waitMs: 0 });
    },
  };
}
