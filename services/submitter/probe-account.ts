import type { Timing } from '#core/timing.ts';
import type { Clock } from '#ports/clock.ts';
import type { Loop } from '#runtime/loop.ts';
import { endedByReply, type ProviderAccount } from '#runtime/provider-account.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';

const probeMsMax = 5_000;

/**
 * One list call now and then while creates of an account are held back by what only a reply can end: an owner not seen
 * yet or a wrong one, a clock that was off, an outage. Needed where no poller's looks do it.
 */
export const probeLoops = (
  accounts: readonly ProviderAccount[],
  { follower, clock, timing }: { follower: ViewFollower; clock: Clock; timing: Timing },
): Loop[] =>
  accounts.map(account => ({
    name: 'probe',
    async round(signal) {
      await clock.sleep(Math.max(100, Math.min(probeMsMax, timing.breakerMinMs / 4)), signal);
      if (signal.aborted) return;
      const hold = account.hold(follower.view);
      const isProbe = account.breaker.is === 'half-open' || (hold !== null && endedByReply.has(hold));
      if (isProbe) await account.list({ limit: 1 });
    },
  }));
