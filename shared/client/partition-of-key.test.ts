import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partitionOfKey } from './partition-of-key.ts';

describe('partitionOfKey', () => {
  // From Apache Kafka's own test of its murmur2 (UtilsTest.testMurmur2).
  for (const [key, hash] of [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ] as const) {
    it(`puts ${key} where Kafka's clients put it`, () => {
      for (const partitions of [1, 8, 2 ** 31 - 1])
        assert.equal(partitionOfKey(key, partitions), (hash & 0x7fffffff) % partitions);
    });
  }

  it('spreads keys evenly', () => {
    const counts = new Array<number>(8).fill(0);
    for (let index = 0; index < 8_000; index++) counts[partitionOfKey(`ticket-${index}`, 8)]! += 1;
    for (const count of counts) assert.ok(count > 850 && count < 1_150, counts.join(' '));
  });
});
