import { fleetMoney, taskMoney, tenantMoney } from '#core/caps/cap-scopes.ts';
import type { CapPeriod, Stamped } from '#core/journal.ts';
import { formatRid } from '#core/rid.ts';
import { periodKey } from '#core/view.ts';
import { billOf } from '#test/support/bill-of.ts';
import type { Run } from '../run-seed.ts';
import { primeCosts } from './check-primes.ts';

/** One purchase on the provider's bill, at its place in the journal. */
interface Spent {
  /** Of its INTENT or PRIME, the last one that was accepted. */
  index: number;
  at: number;
  scopes: readonly string[];
  cost: number;
}

/**
 * S5 by scope, from the provider's bill: while a cap was in force, what was committed under it came to no more than its
 * limit, in each day and month of the journal's time. Who a purchase was for is what the world knows of its documents.
 */
export function checkCaps(run: Run): void {
  if (!run.world.setting.hasCaps) return;
  const spent = spentOf(run);
  for (const { scope, period, limit, from, to } of segmentsOf(run.truth.journal)) {
    const ofScope = spent.filter(({ scopes }) => scopes.includes(scope));
    for (const purchases of Map.groupBy(ofScope, ({ at }) => periodKey(period, at)).values()) {
      const upTo = purchases.filter(({ index }) => index < to);
      if (!upTo.some(({ index }) => index >= from)) continue; // nothing was committed while it was in force
      const total = upTo.reduce((sum, { cost }) => sum + cost, 0);
      if (total <= limit) continue;
      run.world.note('S5', scope, period, `${total} of ${limit}`);
      run.world.violate(`S5 ${scope.split(':')[0]} money above its cap (${period})`);
    }
  }
  countParked(run);
}

function spentOf({ truth, provider, documents, world }: Run): Spent[] {
  const { rows } = provider.machine.invoicePage({ now: provider.now, limit: 1_000_000 });
  const bills = Map.groupBy(rows, ({ batchId }) => batchId ?? '');
  const primes = primesSpent({ truth, provider });
  const batches = [...truth.intents].map(([bk, { index, at }]) => {
    const bill = bills.get(truth.view.bks.get(bk) ?? '-') ?? [];
    const own = (truth.sealed.get(bk)?.items ?? []).flatMap(item => documents.byRid.get(formatRid(item)) ?? []);
    const [tenants, tasks] = [new Set(own.map(({ tenant }) => tenant)), new Set(own.map(({ task }) => task))];
    if (tenants.size > 1) world.violate('two tenants in one batch');
    const scopes = [
      fleetMoney,
      ...[...tenants].flatMap(tenant => (tenant === null ? [] : [tenantMoney(tenant)])),
      ...[...tasks].flatMap(task => (task === null ? [] : [taskMoney(task)])),
    ];
    return { index, at, scopes, cost: billOf(bill) };
  });
  return [...batches, ...primes];
}

/** Whose a prime was says its reserve: no document of the world belongs to it. */
function primesSpent({ truth, provider }: Pick<Run, 'truth' | 'provider'>): Spent[] {
  return [...primeCosts({ provider })].flatMap(([id, cost]) => {
    const prime = truth.primes.get(id);
    return prime
      ? [{ index: prime.index, at: prime.at, scopes: [fleetMoney, ...Object.keys(prime.reserve)], cost }]
      : [];
  });
}

interface Segment {
  scope: string;
  period: CapPeriod;
  limit: number;
  /** Places in the journal: it was in force for what stands between. */
  from: number;
  to: number;
}

function* segmentsOf(journal: readonly Stamped[]): Generator<Segment> {
  const open = new Map<string, Segment>();
  for (const [index, record] of journal.entries()) {
    if (record.kind !== 'CAP') continue;
    const { scope, period, limit } = record;
    const before = open.get(`${scope}|${period}`);
    if (before) yield { ...before, to: index };
    open.delete(`${scope}|${period}`);
    if (limit !== null) open.set(`${scope}|${period}`, { scope, period, limit, from: index, to: Infinity });
  }
  yield* open.values();
}

/** How often parking mattered: a batch waited under a cap, and was bought after all. */
function countParked({ world, truth }: Run): void {
  for (const bk of world.parkedBatches)
    world.hit(truth.intents.has(bk) ? 'parked under a cap, then bought' : 'parked, then split');
}
