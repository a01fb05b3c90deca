import { isAlone } from '#core/outcome.ts';
import { formatRid } from '#core/rid.ts';
import type { Run } from '../run-seed.ts';

/** Closed books: every item of a batch has one outcome, nothing is reserved any more, and what is spent was settled. */
export function checkBooks({ world, truth }: Run): void {
  const { view } = truth;
  for (const batch of view.batches.values())
    world.violate(`books: batch left ${batch.state.is}${batch.settled ? ' and settled' : ''}`);
  const settledMoney = new Map<string, number>();
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
    for (const [scope, amount] of Object.entries(settled.actual)) {
      settledMoney.set(scope, (settledMoney.get(scope) ?? 0) + amount);
    }
  }
  for (const [key, amount] of view.used) {
    const [scope, period] = key.split('|') as [string, string];
    if (!scope.endsWith(':money') && amount !== 0) world.violate('books: reserve left');
    if (period === 'total' && scope.endsWith(':money') && amount !== (settledMoney.get(scope) ?? 0)) {
      world.violate('books: released is not what was settled');
    }
  }
  checkTries({ world, truth });
  for (const { charged, uncharged } of [...truth.sealed.values()].flatMap(({ items }) => items)) {
    if (charged > 3 || uncharged > 4) world.violate('S4 an item sealed beyond its tries');
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
