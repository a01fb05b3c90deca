import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryCluster, type MemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { encodeJournal } from '#contracts/journal-codec.ts';
import { encodeSettled } from '#contracts/settled-codec.ts';
import { type JournalRecord, journalVersion } from '#core/journal.ts';
import { settledVersion } from '#core/settled.ts';
import type { Topic } from '#ports/log.ts';
import { aborted, cap, intent, released, sealed, settledOf } from '#test/support/journal-records.ts';
import { withCrashPoints } from './crash-points.ts';
import { ViewFollower } from './view-follower.ts';

interface Bundle {
  cluster: MemoryCluster;
  follower: ViewFollower;
  append(...records: JournalRecord[]): Promise<void>;
  appendBytes(topic: Topic, text: string): Promise<void>;
  /** Reads of the journal under way, at most, so far; and reads begun. */
  reads: { atOnce: number; begun: number };
  /** What the next reads wait for. */
  gates: Promise<void>[];
}

function setup(): Bundle {
  const cluster = createMemoryCluster({ partitions: { settled: 2 } });
  const log = cluster.connect();
  const reads = { atOnce: 0, begun: 0 };
  const gates: Promise<void>[] = [];
  let underWay = 0;
  const hook = async (label: string): Promise<void> => {
    if (label === 'log.read·before') {
      reads.begun += 1;
      underWay += 1;
      reads.atOnce = Math.max(reads.atOnce, underWay);
      await gates.shift();
    }
    if (label === 'log.read·after') underWay -= 1;
  };
  const follower = new ViewFollower(withCrashPoints(log, { name: 'log', hook }));
  const appendBytes = async (topic: Topic, text: string): Promise<void> => {
    await log.append({ topic, partition: 0, records: [{ key: null, value: Buffer.from(text), headers: {} }] });
  };
  const append = async (...records: JournalRecord[]): Promise<void> => {
    for (const record of records) await appendBytes('journal', Buffer.from(encodeJournal(record)).toString());
  };
  return { cluster, follower, append, appendBytes, reads, gates };
}

describe('ViewFollower', () => {
  it('folds settled and journal to their ends, whichever says it first', async () => {
    const { follower, append, appendBytes } = setup();
    await appendBytes('settled', Buffer.from(encodeSettled(settledOf('b'))).toString());
    await append(sealed('b'), intent('b'), { kind: 'CREATED', bk: 'b', sub: 1, pid: 'p' });
    await follower.catchUpAll();
    assert.deepEqual(follower.view.batches.get('b')?.settled, { actual: {} });
    await append(released('b'));
    await follower.catchUp();
    assert.equal(follower.view.batches.has('b'), false);
    assert.deepEqual(follower.positions.settledOffsets, [1, 0]);
  });

  it('a call that comes while a read is under way returns only after a read that began after it', async () => {
    const { follower, append, gates } = setup();
    const gate = Promise.withResolvers<void>();
    gates.push(gate.promise);
    const early = follower.catchUp();
    await append(sealed('b'));
    const late = follower.catchUp().then(() => follower.view.batches.has('b'));
    gate.resolve();
    await early;
    assert.equal(await late, true);
  });

  it('calls that come while a read is under way share the next one', async () => {
    const { follower, gates, reads } = setup();
    const gate = Promise.withResolvers<void>();
    gates.push(gate.promise);
    const calls = Array.from({ length: 10 }, () => follower.catchUp());
    gate.resolve();
    await Promise.all(calls);
    assert.equal(reads.begun, 2);
  });

  it('never reads twice at once, whenever calls come: a record folded twice may be judged otherwise', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const { follower, reads, gates, append } = setup();
      const gate = Promise.withResolvers<void>();
      gates.push(gate.promise);
      const calls = [follower.catchUp(), follower.catchUp()];
      await append(sealed('a'), sealed('b', { items: [[0, 1, 0, 0]] }), cap('items', 1));
      await append(intent('a', 1, { items: 1 }), intent('b', 1, { items: 1 }), aborted('a'));
      gate.resolve();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      calls.push(follower.catchUp());
      await Promise.all(calls);
      assert.equal(reads.atOnce, 1, `after ${turns} turns`);
      assert.equal(follower.view.batches.get('b')?.state.is, 'sealed', `after ${turns} turns`);
    }
  });

  it('a read that failed fails its callers only', async () => {
    const { follower, gates, append } = setup();
    const gate = Promise.withResolvers<void>();
    gates.push(gate.promise);
    const failing = follower.catchUp();
    const next = follower.catchUp();
    await append(sealed('b'));
    gate.reject(new Error('log gone'));
    await assert.rejects(failing);
    await next;
    assert.ok(follower.view.batches.has('b'));
  });

  for (const [topic, v] of [
    ['journal', journalVersion + 1],
    ['settled', settledVersion + 1],
  ] as const) {
    it(`${topic}: a record of version ${v}, which is not known, is told, and the rest is folded`, async () => {
      const { follower, append, appendBytes } = setup();
      await appendBytes(topic, JSON.stringify({ v, kind: 'SEALED', bk: 'x' }));
      await append(sealed('b'));
      await follower.catchUpAll();
      assert.match(follower.view.unknown?.what ?? '', new RegExp(`record.* of version ${v}$`));
      assert.ok(follower.view.batches.has('b'));
    });
  }

  it('catches settled up to an offset that is hidden behind an open transaction, once that ends', async () => {
    const { cluster, follower } = setup();
    const log = cluster.connect();
    const fence = await log.fence(0);
    const record = { key: 'b', value: encodeSettled(settledOf('b')), headers: {} };
    await fence.send([{ topic: 'settled', partition: 0, records: [record] }]);
    let isThere = false;
    const caughtUp = follower.catchUpSettled(0, await log.endOffset('settled', 0)).then(() => {
      isThere = true;
    });
    await follower.catchUp();
    assert.equal(isThere, false);
    await fence.commit();
    await caughtUp;
    assert.ok(follower.view.settledAhead.has('b'));
  });
});
