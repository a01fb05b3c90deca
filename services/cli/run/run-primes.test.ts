import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { encodeJournal } from '#contracts/journal-codec.ts';
import type { Amounts, JournalRecord, PrimeRecord } from '#core/journal.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { RunPrimes } from './run-primes.ts';

const prime = (id: string, reserve: Amounts, bound: Pick<PrimeRecord, 'perHour'> = {}): JournalRecord => {
  return { kind: 'PRIME', id, account: 'main', prefix: 'x', nonce: id, reserve, ...bound };
};

function setup() {
  const log = createMemoryCluster().connect();
  const [follower, primes] = [new ViewFollower(log), new RunPrimes(log, 'a')];
  const bought = async (...records: JournalRecord[]) => {
    const encoded = records.map(record => ({ key: null, value: encodeJournal(record), headers: {} }));
    await log.append({ topic: 'journal', partition: 0, records: encoded });
    await follower.catchUpAll();
    await primes.update();
    return primes.bought(follower.view);
  };
  return { bought };
}

describe('RunPrimes', () => {
  it('are the reserve until it is known what they cost, and only the part of this run', async () => {
    const { bought } = setup();
    const reserves = [prime('p', { 'run:a:money': 50, 'run:b:money': 25 }), prime('q', { 'run:b:money': 9 })];
    assert.deepEqual(await bought(...reserves), { count: 1, cost: 50 });
    const primed: JournalRecord = { kind: 'PRIMED', id: 'p', actual: { 'run:a:money': 20, 'run:b:money': 10 } };
    assert.deepEqual(await bought(primed, primed), { count: 1, cost: 20 });
  });

  it('are those that the journal took: of one that came too late for its hour nothing is counted', async () => {
    const { bought } = setup();
    const [first, second] = ['p', 'q'].map(id => prime(id, { 'run:a:money': 50 }, { perHour: 1 }));
    assert.deepEqual(await bought(first as JournalRecord, second as JournalRecord), { count: 1, cost: 50 });
  });

  it('are none when they were not sent', async () => {
    const { bought } = setup();
    const unsent: JournalRecord = { kind: 'PRIMED', id: 'p', actual: {} };
    assert.deepEqual(await bought(prime('p', { 'run:a:money': 50 }, { perHour: 1 }), unsent), { count: 0, cost: 0 });
  });
});
