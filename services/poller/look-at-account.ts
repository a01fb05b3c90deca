import { listPageItems, listPagesMax } from '#core/limits.ts';
import type { Look, LookedAt } from '#core/look.ts';
import type { Clock } from '#ports/clock.ts';
import type { ProviderAccount } from '#runtime/provider-account.ts';

/** One listing of an account, newest first, back to `backTo`, and who owns what was listed. */
export interface AccountLook extends Look {
  /** Null when its pages had several: the key changed hands meanwhile. */
  owner: string | null;
}

/**
 * Lists until the list reaches `backTo` (provider's time) or its end. A look that stops at its page bound says how far it
 * got: every INTENT judges by itself whether that is enough.
 * @throws FlotillaError provider-unavailable | provider-auth
 */
export async function lookAtAccount(
  account: ProviderAccount,
  { clock, backTo, pagesMax = listPagesMax }: { clock: Clock; backTo: number; pagesMax?: number | undefined },
): Promise<AccountLook> {
  const askedAt = clock.now();
  const batches: LookedAt[] = [];
  let cursor: string | undefined;
  let owner: string | null = null;
  for (let page = 0; page < pagesMax; page++) {
    const listed = await account.list({ limit: listPageItems, ...(cursor === undefined ? {} : { cursor }) });
    batches.push(...listed.batches);
    owner = page === 0 || owner === listed.facts.owner ? listed.facts.owner : null;
    if (listed.nextCursor === null) return { askedAt, batches, owner, reach: -Infinity };
    const reach = listed.batches.at(-1)?.createdAt ?? Infinity;
    if (reach < backTo) return { askedAt, batches, owner, reach };
    cursor = listed.nextCursor;
  }
  return { askedAt, batches, owner, reach: batches.at(-1)?.createdAt ?? Infinity };
}
