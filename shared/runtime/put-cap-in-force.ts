import { isConfiguredScope, type MoneyCap } from '#core/caps/cap-scopes.ts';
import type { CapPeriod, CapRecord } from '#core/journal.ts';
import { capKey } from '#core/view.ts';
import type { ViewFollower } from './view-follower.ts';

/** Appends a cap unless it is the one in force; null lifts it. From its record on the journal arbitrates every INTENT. */
export async function putCapInForce(follower: ViewFollower, cap: Omit<CapRecord, 'kind'>): Promise<void> {
  await follower.catchUp();
  await putInForce(follower, [cap]);
}

/**
 * Makes the caps of a configuration the ones in force: a process that was started with such a section decides about all
 * scopes that a configuration may have, and the last one to start holds. What left the section is lifted. Nothing is
 * created by this process before they stand in the journal.
 */
export async function putCapsInForce(follower: ViewFollower, caps: readonly MoneyCap[]): Promise<void> {
  await follower.catchUp();
  const wanted = new Set(caps.map(({ scope, period }) => capKey(scope, period)));
  const lifted = [...follower.view.caps.keys()].flatMap(key => {
    const at = key.lastIndexOf('|');
    const [scope, period] = [key.slice(0, at), key.slice(at + 1) as CapPeriod];
    return isConfiguredScope(scope) && !wanted.has(key) ? [{ scope, period, limit: null }] : [];
  });
  await putInForce(follower, [...lifted, ...caps]);
}

async function putInForce(follower: ViewFollower, caps: readonly Omit<CapRecord, 'kind'>[]): Promise<void> {
  const { caps: inForce } = follower.view;
  const changed = caps.filter(({ scope, period, limit }) => (inForce.get(capKey(scope, period)) ?? null) !== limit);
  if (changed.length === 0) return;
  await follower.append(...changed.map(cap => ({ kind: 'CAP', ...cap }) as const));
  await follower.catchUp();
}
