import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryCluster, type MemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { headerNames } from '#core/headers.ts';
import { readResultsAt, searchResults } from './find-results.ts';

const rid = (offset: number) => ({ partition: 3, offset });
const recordOf = (offset: number) => {
  return { key: null, value: Buffer.from(`answer ${offset}`), headers: { [headerNames.rid]: `3/${offset}` } };
};

function setup(): { cluster: MemoryCluster; pass(ms: number): void; now(): number } {
  let now = 10_000_000;
  const cluster = createMemoryCluster({
    partitions: { results: 2, settled: 1 },
    now: () => now,
    sleep: async () => {},
    gaps: () => 1,
  });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { cluster, pass, now: () => now };
}

const append = (
  cluster: MemoryCluster,
  partition: number,
  offsets: readonly number[],
): Promise<{ offsets: number[] }> =>
  cluster.connect().append({ topic: 'results', partition, records: offsets.map(recordOf) });

describe('readResultsAt', () => {
  it('finds what stands there or soon after, and leaves out what does not', async () => {
    const { cluster } = setup();
    await append(cluster, 1, [1, 2, 3]);
    const log = cluster.connect();
    const from = await log.endOffset('results', 1);
    await append(cluster, 1, [4, 5, 6]);
    const places = [4, 6, 99].map(offset => ({ rid: rid(offset), partition: 1, from }));
    const found = await readResultsAt(log, [...places, { rid: rid(2), partition: 0, from: 0 }]);
    assert.deepEqual(found.get('3/6')?.value.toString(), 'answer 6');
    assert.deepEqual([found.has('3/4'), found.has('3/99'), found.has('3/2')], [true, false, false]);
  });
});

describe('searchResults', () => {
  it('finds them in any partition, backwards, however many came after', async () => {
    const { cluster, now } = setup();
    await append(cluster, 1, [7]);
    await append(
      cluster,
      0,
      Array.from({ length: 2_500 }, (_, index) => 100 + index),
    );
    await append(cluster, 1, [8]);
    const found = await searchResults(
      cluster.connect(),
      [7, 8, 100].map(offset => ({ ...rid(offset), at: now() })),
    );
    assert.deepEqual(
      ['3/7', '3/8', '3/100', '3/9'].map(each => found?.has(each)),
      [true, true, true, false],
    );
  });

  it('looks no further back than to the time of the document', async () => {
    const { cluster, pass, now } = setup();
    await append(cluster, 0, [1]);
    pass(3_600_000);
    await append(
      cluster,
      0,
      Array.from({ length: 1_100 }, (_, index) => 100 + index),
    );
    pass(3_600_000);
    await append(
      cluster,
      0,
      Array.from({ length: 1_100 }, (_, index) => 5_000 + index),
    );
    const found = await searchResults(cluster.connect(), [{ ...rid(1), at: now() }]);
    assert.equal(found?.has('3/1'), false);
  });

  it('is null while an open transaction hides what may be it', async () => {
    const { cluster, now } = setup();
    const fence = await cluster.connect().fence(0);
    await fence.send([{ topic: 'results', partition: 0, records: [recordOf(1)] }]);
    const wanted = [{ ...rid(1), at: now() }];
    assert.equal(await searchResults(cluster.connect(), wanted), null);
    await fence.commit();
    assert.equal((await searchResults(cluster.connect(), wanted))?.has('3/1'), true);
  });
});
