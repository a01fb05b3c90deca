import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeRecordBatch } from './encode-record-batch.ts';
import type { FetchedPartition } from './fetch-request.ts';
import { unreadableHeader } from './span.ts';
import { unpackFetched } from './unpack-fetched.ts';

/** A batch as the broker keeps it: with its offset, and what the flags say. */
function batchAt(offset: number, texts: readonly string[], flags: { producer?: number; transactional?: boolean } = {}) {
  const identity = {
    producerId: flags.producer ?? 1,
    epoch: 0,
    sequence: 0,
    isTransactional: flags.transactional ?? false,
  };
  const records = texts.map(text => ({ key: null, value: Buffer.from(text), headers: {} }));
  const bytes = Buffer.from(encodeRecordBatch(records, identity, 1_000));
  bytes.writeBigInt64BE(BigInt(offset), 0);
  return bytes;
}

const attributesAt = 21;
const recordsAt = 61;

/** The end of a transaction: a batch of one record whose key is version and type. */
function marker(offset: number, producer: number, type: 'abort' | 'commit'): Buffer {
  const key = Buffer.from([0, 0, 0, type === 'commit' ? 1 : 0]);
  const identity = { producerId: producer, epoch: 0, sequence: 0, isTransactional: true };
  const records = [{ key: key.toString('latin1'), value: Buffer.alloc(6), headers: {} }];
  const bytes = Buffer.from(encodeRecordBatch(records, identity, 1_000));
  bytes.writeBigInt64BE(BigInt(offset), 0);
  bytes.writeInt16BE(0x30, attributesAt);
  return bytes;
}

function gzipped(batch: Buffer): Buffer {
  const payload = gzipSync(batch.subarray(recordsAt));
  const bytes = Buffer.concat([batch.subarray(0, recordsAt), payload]);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE(1, attributesAt);
  return bytes;
}

function fetched(batches: readonly Buffer[], aborted: FetchedPartition['aborted'] = []): FetchedPartition {
  return { topic: 't', partition: 2, error: 0, stableOffset: 0, aborted, bytes: Buffer.concat(batches) };
}

async function unpack(reply: FetchedPartition, { from = 0, batchBytesMax = 10_000 } = {}) {
  const unreadable: unknown[] = [];
  const options = { from, batchBytesMax, onUnreadable: (batch: unknown) => void unreadable.push(batch) };
  const spans = await unpackFetched(reply, options);
  const records = spans.flatMap(span => span.slice(0, span.count));
  return {
    spans,
    unreadable,
    next: spans.at(-1)?.next ?? from,
    seen: records.map(each => [each.offset, String(each.value)]),
  };
}

describe('unpackFetched', () => {
  it('leaves out markers and what was aborted, and comes behind them all', async () => {
    const reply = fetched(
      [
        batchAt(10, ['a'], { producer: 5, transactional: true }),
        batchAt(11, ['b'], { producer: 6, transactional: true }),
        batchAt(12, ['c']),
        marker(13, 5, 'abort'),
        batchAt(14, ['d'], { producer: 5, transactional: true }),
        marker(15, 6, 'commit'),
        marker(16, 5, 'commit'),
      ],
      [{ producerId: 5, first: 10 }],
    );
    const { seen, next } = await unpack(reply, { from: 10 });
    assert.deepEqual(seen, [
      [11, 'b'],
      [12, 'c'],
      [14, 'd'],
    ]);
    assert.equal(next, 17);
  });

  it('knows of an abort that began before what was asked for, and of several of one producer', async () => {
    const reply = fetched(
      [
        batchAt(10, ['a'], { producer: 5, transactional: true }),
        marker(11, 5, 'abort'),
        batchAt(12, ['b'], { producer: 5, transactional: true }),
        marker(13, 5, 'commit'),
        batchAt(14, ['c'], { producer: 5, transactional: true }),
        marker(15, 5, 'abort'),
      ],
      [
        { producerId: 5, first: 14 },
        { producerId: 5, first: 3 },
      ],
    );
    assert.deepEqual((await unpack(reply, { from: 10 })).seen, [[12, 'b']]);
  });

  it('does not take what a producer writes outside of transactions for aborted', async () => {
    const reply = fetched([batchAt(0, ['a'], { producer: 5 })], [{ producerId: 5, first: 0 }]);
    assert.deepEqual((await unpack(reply)).seen, [[0, 'a']]);
  });

  it('leads over what compaction has taken away', async () => {
    const reply = fetched([batchAt(20, ['a'])]);
    const { spans, next } = await unpack(reply, { from: 4 });
    assert.deepEqual([spans[0]!.from, next], [4, 21]);
    assert.equal(spans[0]!.find(4), null);
  });

  it('K6 delivers a batch that grows too large as one record per offset, and goes on behind it', async () => {
    const reply = fetched([batchAt(0, ['a']), gzipped(batchAt(1, ['x'.repeat(20_000), 'y'])), batchAt(3, ['b'])]);
    const { seen, spans, unreadable } = await unpack(reply);
    assert.deepEqual(seen, [
      [0, 'a'],
      [1, ''],
      [2, ''],
      [3, 'b'],
    ]);
    assert.equal(spans[1]!.find(2)!.headers[unreadableHeader], 'too-large');
    assert.deepEqual(unreadable, [{ partition: 2, base: 1, next: 3, why: 'too-large' }]);
  });

  it('K6 the same for a batch that claims more records than anyone could keep, without making them', async () => {
    const bytes = batchAt(0, ['a']);
    bytes.writeInt32BE(2_000_000_000, 57);
    bytes.writeInt32BE(1_999_999_999, 23);
    const { spans } = await (async () => ({
      spans: await unpackFetched(fetched([bytes]), { from: 0, batchBytesMax: 1e6, onUnreadable: () => {} }),
    }))();
    assert.equal(spans[0]!.count, 2_000_000_000);
    assert.deepEqual(
      spans[0]!.slice(1_000_000, 1_000_002).map(each => each.offset),
      [1_000_000, 1_000_001],
    );
  });

  it('leaves for later what unpacks to much, and goes on from there without a gap', async () => {
    const batches = Array.from({ length: 6 }, (_, index) => gzipped(batchAt(index, ['x'.repeat(1_000_000)])));
    const options = { batchBytesMax: 2_000_000, onUnreadable: () => assert.fail() };
    const first = await unpackFetched(fetched(batches), { from: 0, ...options });
    assert.equal(first.at(-1)?.next, 2, 'the bound is passed by the second');
    const rest = await unpackFetched(fetched(batches.slice(2)), { from: 2, ...options });
    assert.deepEqual([rest[0]?.from, rest.at(-1)?.next], [2, 4]);
  });

  it('K6 the same for damaged bytes and for a codec that nobody knows', async () => {
    const damaged = gzipped(batchAt(0, ['a']));
    damaged.fill(0, recordsAt + 12);
    const unknown = batchAt(1, ['b']);
    unknown.writeInt16BE(7, attributesAt);
    const { unreadable } = await unpack(fetched([damaged, unknown]));
    assert.deepEqual(
      unreadable.map(each => (each as { why: string }).why),
      ['damaged', 'damaged'],
    );
  });
});
