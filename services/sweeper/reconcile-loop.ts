import type { Timing } from '#core/timing.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { UsageReport } from '#ports/usage-report.ts';
import type { Loop } from '#runtime/loop.ts';
import { reconcile, reportedWithinDefaultMs } from '#runtime/reconcile.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';

export interface ReconcileLoopOptions {
  log: Log;
  clock: Clock;
  telemetry: Telemetry;
  follower: ViewFollower;
  timing: Pick<Timing, 'skewMs' | 'scale'>;
  report: UsageReport;
  account: string;
  apiKeyIds: readonly string[];
}

const lookEveryMs = 60_000;
const [hourMs, dayMs] = [3_600_000, 86_400_000];

/**
 * Once a day the books are held against the provider's usage report. When it was last done stands in the journal, so several
 * processes and new starts do not do it more often; where nothing could be compared, each tries again a day later, and an
 * hour later when nobody answered.
 */
export function reconcileLoop(options: ReconcileLoopOptions): Loop {
  const { clock, telemetry, follower, timing, account } = options;
  const reportedWithinMs = reportedWithinDefaultMs / timing.scale;
  let restsUntil = Number.NEGATIVE_INFINITY;
  const isDue = (): boolean => {
    const until = follower.view.adjusted.get(account)?.until ?? Number.NEGATIVE_INFINITY;
    return clock.monotonic() >= restsUntil && clock.now() - reportedWithinMs - until >= dayMs / timing.scale;
  };
  const rest = (ms: number): void => {
    restsUntil = clock.monotonic() + ms / timing.scale;
  };
  return {
    name: 'reconcile',
    async round(signal) {
      if (isDue()) {
        rest(hourMs);
        try {
          const { is, ...found } = await reconcile({ ...options, skewMs: timing.skewMs, reportedWithinMs });
          rest(dayMs);
          telemetry.note(is === 'short' || is === 'unpriced' ? 'warn' : 'info', `reconciled-${is}`, {
            account,
            ...found,
          });
        } catch (error) {
          if (!(error instanceof FlotillaError)) throw error;
          // It keeps nobody from working: the books stay at their worst case.
          telemetry.note('warn', 'reconcile-failed', { account, code: error.code, why: error.why });
        }
      }
      await clock.sleep(lookEveryMs, signal);
    },
  };
}
