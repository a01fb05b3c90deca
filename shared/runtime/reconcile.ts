import { decodeJournal, encodeJournal } from '#contracts/journal-codec.ts';
import { decodeSettled } from '#contracts/settled-codec.ts';
import type { AdjustedRecord } from '#core/journal.ts';
import { neverShown } from '#core/reconcile/never-shown.ts';
import { Purchases } from '#core/reconcile/purchases.ts';
import { boughtBefore, firstMoment, quietMoment } from '#core/reconcile/quiet-moment.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { UsageOwner, UsageReport } from '#ports/usage-report.ts';
import { readTopic } from './read-topic.ts';

export interface ReconcileOptions {
  log: Log;
  clock: Pick<Clock, 'now'>;
  report: UsageReport;
  account: string;
  /** Empty: everything of the account's workspace. */
  apiKeyIds: readonly string[];
  /** Our clock against the provider's. */
  skewMs: number;
  /** After this long the report is believed to be complete. */
  reportedWithinMs: number;
}

/**
 * `adjusted`: the books say from here on what was billed. `known`: somebody has compared up to there, or further.
 * `not-quiet`: something of ours was under way at every moment that the report covers. `short`: it has less than we were
 * shown. `unpriced`: so much of it has no price that nothing can be said.
 */
export type Reconciled =
  | { is: 'adjusted' | 'known'; until: number; billed: number; booked: number }
  | { is: 'not-quiet' | 'nothing-bought' }
  | { is: 'short' | 'unpriced'; until: number; model: string };

/** Five minutes, says the provider, at times longer; being early would make the books lower than the bill. */
export const reportedWithinDefaultMs = 6 * 3_600_000;

/**
 * Holds the books against the provider's usage report, and appends what differs. Anybody may do it, at any time and
 * side by side: what is appended is a sum of all time, so that the same comparison counts once, and dying before the append
 * leaves the books as they were.
 * @throws FlotillaError log-newer | clock-off | invalid-config | provider-unavailable | provider-auth | log-unavailable
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciled> {
  const { log, clock, report, account, skewMs, reportedWithinMs } = options;
  const all = await readPurchases(log);
  const purchases = all.of(account);
  if (purchases.length === 0) return { is: 'nothing-bought' };
  const until = quietMoment(purchases, { before: clock.now() - reportedWithinMs, skewMs });
  if (until === null) return { is: 'not-quiet' };
  const before = all.view.adjusted.get(account);
  if (before && before.until >= until) return { is: 'known', ...before };
  const bought = boughtBefore(purchases, until);
  if (bought.some(({ isUnpriced }) => isUnpriced)) return { is: 'unpriced', until, model: '' };
  const whose = ownerOf(options, all.isRepinned(account) ? '' : (all.view.accounts.get(account)?.owner ?? ''));
  const reported = await report.read({ from: firstMoment(purchases, { skewMs }), to: until, whose });
  const compared = neverShown(reported, bought);
  if (compared.is !== 'known') return { is: compared.is, until, model: compared.model };
  const { billed, booked } = compared;
  const record: AdjustedRecord = { kind: 'ADJUSTED', account, until, billed, booked };
  const value = encodeJournal(record);
  const { at } = await log.append({ topic: 'journal', partition: 0, records: [{ key: null, value, headers: {} }] });
  if (until > at)
    throw new FlotillaError('clock-off', {
      where: 'the clock of this process',
      why: 'it is ahead of the log by hours',
    });
  return { is: 'adjusted', until, billed, booked };
}

/** Settled first, so that what it showed is known when the journal is read. */
async function readPurchases(log: Log): Promise<Purchases> {
  const purchases = new Purchases();
  for await (const { value } of readTopic(log, 'settled')) {
    const decoded = decodeSettled(value);
    if ('kind' in decoded) throw newer(decoded.what);
    purchases.settled(decoded);
  }
  for await (const { value, at } of readTopic(log, 'journal')) {
    const decoded = decodeJournal(value, at);
    if (decoded.kind === 'UNKNOWN') throw newer(decoded.what);
    purchases.journal(decoded);
  }
  return purchases;
}

/** What this program cannot read may have been a purchase. */
const newer = (what: string): FlotillaError => new FlotillaError('log-newer', { why: `the log has a ${what}` });

/** The owner is `<organization>/<workspace>`, as replies showed it. */
function ownerOf({ apiKeyIds }: ReconcileOptions, owner: string): UsageOwner {
  if (apiKeyIds.length > 0) return { apiKeyIds };
  const workspaceId = /^[^/]+\/(.+)$/.exec(owner)?.[1];
  if (workspaceId !== undefined && workspaceId !== '-') return { workspaceId };
  throw new FlotillaError('invalid-config', {
    where: 'providers.anthropic.apiKeyIds',
    why: 'no reply has shown the workspace of the account, or it has moved to another: nobody can tell which usage is its own',
    fix: 'set it to the ids of the keys of this fleet (Console, API keys)',
  });
}
