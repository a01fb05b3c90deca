import { isMoneyScope } from '../caps/cap-scopes.ts';
import type { CapPeriod } from '../journal.ts';
import type { Money } from '../money.ts';
import { capKey, periodKey, type View } from '../view.ts';

/** How far a cap on money is used up, by the journal. */
export interface CapProgress {
  /** For example `run:r_1:money` or `tenant:acme:money`. */
  scope: string;
  period: CapPeriod;
  /** `total`, `2026-11-24`, `2026-11`. */
  of: string;
  limit: Money;
  /** Spent, and reserved for what is under way. */
  used: Money;
}

/** Caps on money in force at `now` (ms since the epoch), the fullest first. */
export function capProgress(view: Pick<View, 'caps' | 'used'>, now: number): CapProgress[] {
  const found = [...view.caps].flatMap(([key, limit]) => {
    const [scope, period] = splitKey(key);
    if (!isMoneyScope(scope)) return [];
    const of = periodKey(period, now);
    return [{ scope, period, of, limit, used: view.used.get(`${scope}|${of}`) ?? 0 }];
  });
  return found.sort(
    (a, b) => shareOf(b) - shareOf(a) || (capKey(a.scope, a.period) < capKey(b.scope, b.period) ? -1 : 1),
  );
}

export const shareOf = ({ used, limit }: Pick<CapProgress, 'used' | 'limit'>): number =>
  limit > 0 ? used / limit : used > 0 ? Infinity : 1;

/** A scope may hold any character; a period holds none of these. */
function splitKey(key: string): [scope: string, period: CapPeriod] {
  const at = key.lastIndexOf('|');
  return [key.slice(0, at), key.slice(at + 1) as CapPeriod];
}
