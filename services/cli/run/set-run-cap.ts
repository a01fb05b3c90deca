import type { Money } from '#core/money.ts';
import { putCapInForce } from '#runtime/put-cap-in-force.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import type { Embedded } from '../embedded.ts';

/** Money scope of one run. */
export const runMoneyScope = (run: string): string => `run:${run}:money`;

/** Puts the cap of this command in force before anything is created; none lifts the one of an earlier command. */
export async function setRunCap(embedded: Embedded, { run, cap }: { run: string; cap: Money | null }): Promise<void> {
  const follower = new ViewFollower(embedded.log);
  await putCapInForce(follower, { scope: runMoneyScope(run), period: 'total', limit: cap });
}
