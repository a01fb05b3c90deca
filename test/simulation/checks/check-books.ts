import { accountMoney, fleetMoney } from '#core/caps/cap-scopes.ts';
import { type Amounts, type CapPeriod, capPeriods } from '#core/journal.ts';
import { isAlone } from '#core/outcome.ts';
import { formatRid } from '#core/rid.ts';
import { periodKey } from '#core/view.ts';
import { accountName } from '../provider-world.ts';
import type { Run } from '../run-seed.ts';

/** Closed books: every item of a batch has one outcome, nothing is reserved any more, and what is spent was settled. */
export function checkBooks({ world, truth }: Run): void {
  const { view } = truth;
  for (const batch of view.batches.values())
    world.violate(`books: batch left ${batch.state.is}${batch.settled ? ' and settled' : ''}`);
  for (const { state } of view.primes.values()) if (state === 'open') world.violate('books: prime left open');
  for (const { items, settled } of truth.sealed.values()) {
    if (!settled) continue;
    const outcomes = [
      ...settled.done.map(([partition, offset]) => formatRid({ partition, offset })),
      ...settled.dead.map(([partition, offset]) => formatRid({ partition, offset })),
      ...settled.retry.map(({ p, o }) => formatRid({ partition: p, offset: o })),
    ];
    if (outcomes.sort().join() !== items.map(formatRid).sort().join()) {
      world.violate('books: outcomes are not the sealed items');
    }
  }
  checkUsed({ world, truth });
  checkTries({ world, truth });
  for (const { charged, uncharged } of [...truth.sealed.values()].flatMap(({ items }) => items)) {
    if (charged > 3 || uncharged > 4) world.violate('S4 an item sealed beyond its tries');
  }
}

/** What a view holds as used is what was settled and primed, in every scope and in the period of its INTENT. */
function checkUsed({ world, truth }: Pick<Run, 'world' | 'truth'>): void {
  const spent = new Map<string, number>();
  const add = (amounts: Amounts, at: number, periods: readonly CapPeriod[] = capPeriods): void => {
    for (const [scope, amount] of Object.entries(amounts)) {
      for (const period of periods) {
        const key = `${scope}|${periodKey(period, at)}`;
        spent.set(key, (spent.get(key) ?? 0) + amount);
      }
    }
  };
  for (const [bk, { settled }] of truth.sealed) {
    const intent = truth.intents.get(bk);
    if (settled && intent) add(settled.actual, intent.at);
  }
  for (const { amounts, at } of truth.primes.values()) add(amounts, at);
  for (const { change, at } of truth.adjusted)
    add({ [accountMoney(accountName)]: change, [fleetMoney]: change }, at, change > 0 ? capPeriods : ['total']);
  for (const key of new Set([...spent.keys(), ...truth.view.used.keys()])) {
    const [used, expected] = [truth.view.used.get(key) ?? 0, spent.get(key) ?? 0];
    if (used === expected) continue;
    world.note('books', key, used, expected);
    world.violate(key.includes(':money|') ? 'books: released is not what was settled' : 'books: reserve left');
  }
}

/** A retry counts one more try if its cause lay in the item, and what was counted before stays. */
function checkTries({ world, truth }: Pick<Run, 'world' | 'truth'>): void {
  for (const { items, settled } of truth.sealed.values()) {
    for (const row of settled?.retry ?? []) {
      const item = items.find(({ partition, offset }) => partition === row.p && offset === row.o);
      if (item && row.charged !== item.charged + (isAlone(row.cause) ? 1 : 0))
        world.violate('S4 tries counted wrongly');
      if (item && row.att !== item.att + 1) world.violate('S4 attempts counted wrongly');
    }
  }
}
