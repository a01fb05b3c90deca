import { accountMoney } from '../caps/cap-scopes.ts';
import type { Money } from '../money.ts';
import type { View } from '../view.ts';

/** What an account bought and nobody was shown: lost lines, lost replies of primes, batches that ended without a line. */
export type NeverShownCost =
  /** Of all time up to `until`, by the provider's usage report; `booked`: what the books held for it. */
  | { is: 'reported'; until: number; billed: Money; booked: Money }
  /** Nobody has compared: it came to no more than this, but for batches that are in no book. */
  | { is: 'unknown'; booked: Money };

/** @param billed all that was shown, primes included, of all time */
export function neverShownCost(view: View, { account, billed }: { account: string; billed: Money }): NeverShownCost {
  const adjusted = view.adjusted.get(account);
  if (adjusted) return { is: 'reported', ...adjusted };
  const scope = accountMoney(account);
  let held = 0;
  for (const { state } of view.batches.values()) {
    if (state.is === 'intent' || state.is === 'created') held += state.intent.reserve[scope] ?? 0;
  }
  // A batch that is settled and not yet released holds its reserve and is in `billed`.
  return { is: 'unknown', booked: Math.max(0, (view.used.get(`${scope}|total`) ?? 0) - held - billed) };
}
