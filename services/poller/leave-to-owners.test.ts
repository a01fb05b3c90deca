import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createManualClock } from '#adapters/memory/create-manual-clock.ts';
import { createMemoryWorkQueue } from '#adapters/memory/create-memory-work-queue.ts';
import { leaveToOwners } from './leave-to-owners.ts';
import { shardOf } from './settle-shard.ts';

const shards = 4;
const take = { limit: 1, lockMs: 1_000, waitMs: 0 };

function setup() {
  const clock = createManualClock();
  const queue = createMemoryWorkQueue({ clock });
  const ofShard = (shard: number): string => {
    for (let n = 0; ; n++) if (shardOf(`bk${n}`, shards) === shard) return `bk${n}`;
  };
  const own = { shard: 0 };
  const left = leaveToOwners(queue, { owners: { isOwn: shard => shard === own.shard }, shards });
  return { clock, queue, left, own, ofShard };
}

describe('leaveToOwners', () => {
  it('takes what it settles itself, and leaves the rest in the queue', async () => {
    const { clock, queue, left, ofShard } = setup();
    await queue.add({ queue: 'collect', id: ofShard(0) });
    assert.deepEqual(
      (await left.take('collect', take)).map(({ id }) => id),
      [ofShard(0)],
    );
    await queue.add({ queue: 'collect', id: ofShard(1) });
    assert.deepEqual(await left.take('collect', take), []);
    await clock.advance(25);
    assert.deepEqual(
      (await queue.take('collect', take)).map(({ id }) => id),
      [ofShard(1)],
    );
  });

  it('does it all the same when nobody else takes it', async () => {
    const { clock, queue, left, ofShard } = setup();
    await queue.add({ queue: 'collect', id: ofShard(1) });
    let tries = 0;
    for (let found = 0; found === 0; tries++) {
      found = (await left.take('collect', take)).length;
      await clock.advance(Math.min(200, 25 * 2 ** tries));
    }
    assert.equal(tries, 9);
  });

  it('leaves nothing of the other queues', async () => {
    const { queue, left, ofShard } = setup();
    for (const name of ['submit', 'retry'] as const) {
      await queue.add({ queue: name, id: ofShard(1) });
      assert.equal((await left.take(name, take)).length, 1);
    }
  });
});
