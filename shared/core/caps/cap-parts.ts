import type { Amounts } from '../journal.ts';
import { tightCap, type View } from '../view.ts';
import { isMoneyScope } from './cap-scopes.ts';

/** Scopes in which something is reserved: what is not spent of it comes back. */
export function scopesUnderWay({ batches, primes }: Pick<View, 'batches' | 'primes'>): ReadonlySet<string> {
  const scopes = new Set<string>();
  const add = (reserve: Amounts): void => {
    for (const scope of Object.keys(reserve)) scopes.add(scope);
  };
  for (const { state } of batches.values()) {
    if (state.is === 'intent' || state.is === 'created') add(state.intent.reserve);
  }
  for (const { state, reserve } of primes.values()) if (state === 'open') add(reserve);
  return scopes;
}

/**
 * A batch that does not fit under a cap on money is bought in parts where an average document of it fits, and nothing is
 * under way there. The worst case of a batch is several times what it costs: waiting would leave most of a cap
 * unused, for ever where it is one of a run. While something is under way there will be more room, so the batch stays whole.
 */
export function fitsInParts(
  view: Pick<View, 'caps' | 'used'>,
  { reserve, items, underWay }: { reserve: Amounts; items: number; underWay: () => ReadonlySet<string> },
  at: number,
): boolean {
  const tight = tightCap(view, reserve, at);
  if (items < 2 || !tight || !isMoneyScope(tight.scope)) return false;
  const part = Object.entries(reserve).map(([scope, amount]) => [scope, Math.ceil(amount / items)] as const);
  return tightCap(view, Object.fromEntries(part), at) === null && !underWay().has(tight.scope);
}
