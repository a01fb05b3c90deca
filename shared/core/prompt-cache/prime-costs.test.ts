import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PrimeCosts } from './prime-costs.ts';

const prime = (id: string, reserve: Record<string, number>) =>
  ({ kind: 'PRIME', id, account: 'main', prefix: 'x', nonce: 'n', reserve }) as const;

describe('PrimeCosts', () => {
  it('counts a prime as its reserve until it is known what it cost, by run, and the rest for nobody', () => {
    const costs = new PrimeCosts();
    costs.add(prime('p', { 'fleet:money': 100, 'run:a:money': 50, 'run:b:money': 25 }));
    costs.add(prime('q', { 'fleet:money': 10, 'run:a:money': 10 }));
    assert.deepEqual([costs.of('a'), costs.of('b'), costs.of('c'), costs.ofNobody(['a', 'b', 'c'])], [60, 25, 0, 25]);
    costs.add({ kind: 'PRIMED', id: 'p', actual: { 'fleet:money': 40, 'run:a:money': 20, 'run:b:money': 10 } });
    costs.add({ kind: 'PRIMED', id: 'q', actual: {} });
    assert.deepEqual([costs.of('a'), costs.of('b'), costs.ofNobody(['a', 'b'])], [20, 10, 10]);
  });
});
