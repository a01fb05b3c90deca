import type { CapRecord } from '#core/journal.ts';
import { capKey } from '#core/view.ts';
import type { ViewFollower } from './view-follower.ts';

/** Appends a cap unless it is the one in force; null lifts it. From its record on the journal arbitrates every INTENT. */
export async function putCapInForce(follower: ViewFollower, cap: Omit<CapRecord, 'kind'>): Promise<void> {
  await follower.catchUp();
  const inForce = follower.view.caps.get(capKey(cap.scope, cap.period)) ?? null;
  if (inForce === cap.limit) return;
  await follower.append({ kind: 'CAP', ...cap });
  await follower.catchUp();
}
