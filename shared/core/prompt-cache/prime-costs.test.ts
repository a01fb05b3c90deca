import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noon, sealed } from '#test/support/journal-records.ts';
import type { Amounts, PrimeRecord } from '../journal.ts';
import { PrimeCosts } from './prime-costs.ts';

const prime = (id: string, reserve: Amounts, bound: Pick<PrimeRecord, 'perHour'> = {}) =>
  ({ kind: 'PRIME', id, account: 'main', prefix: 'x', nonce: 'n', reserve, ...bound, at: noon }) as const;
const primed = (id: string, actual: Amounts) => ({ kind: 'PRIMED', id, actual, at: noon }) as const;

describe('PrimeCosts', () => {
  it('counts a prime as its reserve until it is known what it cost, by run, and the rest for nobody', () => {
    const costs = new PrimeCosts();
    costs.add(prime('p', { 'fleet:money': 100, 'run:a:money': 50, 'run:b:money': 25 }));
    costs.add(prime('q', { 'fleet:money': 10, 'run:a:money': 10 }));
    assert.deepEqual([costs.of('a'), costs.of('b'), costs.of('c'), costs.ofNobody(['a', 'b', 'c'])], [60, 25, 0, 25]);
    costs.add(primed('p', { 'fleet:money': 40, 'run:a:money': 20, 'run:b:money': 10 }));
    costs.add(primed('q', {}));
    assert.deepEqual([costs.of('a'), costs.of('b'), costs.ofNobody(['a', 'b'])], [20, 10, 10]);
  });

  it('counts the first PRIME and the first PRIMED of each id, and none without its PRIME', () => {
    const costs = new PrimeCosts();
    const records = [
      primed('p', { 'run:a:money': 1 }),
      prime('p', { 'run:a:money': 9 }),
      prime('p', { 'run:a:money': 8 }),
    ];
    for (const record of records) costs.add(record);
    assert.equal(costs.of('a'), 9);
    for (const amount of [3, 5]) costs.add(primed('p', { 'run:a:money': amount }));
    assert.equal(costs.of('a'), 3);
  });

  it('counts a PRIME until the journal says that its hour, or a cap, had no place for it', () => {
    const costs = new PrimeCosts();
    for (const id of ['p', 'q']) costs.add(prime(id, { 'run:a:money': 9 }, { perHour: 1 }));
    assert.deepEqual([costs.of('a'), [...costs.all.keys()]], [18, ['p', 'q']]);
  });

  it('takes nothing of other records', () => {
    const costs = new PrimeCosts();
    costs.add({ ...sealed('b'), at: noon });
    assert.equal(costs.all.size, 0);
  });
});
