import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createManualClock } from '#adapters/memory/create-manual-clock.ts';
import { type WorkerHint, workerHintName } from '#contracts/worker-hint.ts';
import type { Hint, Hints } from '#ports/hints.ts';
import { WorkerPeers } from './worker-peers.ts';

const hintOf = (worker: string, rest: Partial<WorkerHint> = {}): Hint => ({
  name: workerHintName(worker),
  value: {
    worker,
    incarnation: 'i',
    roles: ['poller'],
    host: 'h',
    pid: 1,
    startedAt: 0,
    seenAt: 0,
    url: null,
    isDraining: false,
    lanes: [],
    laneCount: 0,
    laneItems: 0,
    parked: 0,
    capped: 0,
    journalOffset: 0,
    troubles: [],
    ...rest,
  } satisfies WorkerHint,
});

const shards = Array.from({ length: 32 }, (_, shard) => shard);

async function ownersAmong(hints: readonly Hint[], names: readonly string[]): Promise<Map<string, number[]>> {
  const port: Hints = { put: async () => {}, list: async () => [...hints] };
  const owned = names.map(async name => {
    const peers = new WorkerPeers({ hints: port, name, clock: createManualClock() });
    await peers.refresh();
    return [name, shards.filter(shard => peers.isOwn(shard))] as const;
  });
  return new Map(await Promise.all(owned));
}

describe('WorkerPeers', () => {
  it('gives every shard to exactly one of the pollers, and each of them its share', async () => {
    const names = ['a-1', 'a-2', 'a-3', 'a-4'];
    const owners = await ownersAmong(
      names.map(name => hintOf(name)),
      names,
    );
    assert.deepEqual(
      [...owners.values()].flat().sort((a, b) => a - b),
      shards,
    );
    for (const own of owners.values()) assert.ok(own.length >= 3 && own.length <= 14, String(own.length));
  });

  it('moves only the shards of the one that is gone', async () => {
    const names = ['a-1', 'a-2', 'a-3'];
    const before = await ownersAmong(
      names.map(name => hintOf(name)),
      names,
    );
    const after = await ownersAmong([hintOf('a-1'), hintOf('a-2')], names.slice(0, 2));
    for (const name of names.slice(0, 2)) {
      for (const shard of before.get(name) ?? []) assert.ok(after.get(name)?.includes(shard), `${name} ${shard}`);
    }
  });

  it('does not count those that do not poll, that stop, or that nobody can read', async () => {
    const others = [
      hintOf('z-1', { roles: ['sweeper'] }),
      hintOf('z-2', { isDraining: true }),
      { name: 'worker/z-3', value: 7 },
    ];
    const owners = await ownersAmong([hintOf('a'), ...others], ['a']);
    assert.deepEqual(owners.get('a'), shards);
  });

  it('knows the most that another submitter holds back', async () => {
    const hints = [
      hintOf('a', { roles: ['submitter'], parked: 9, capped: 9 }),
      hintOf('b', { roles: ['submitter'], parked: 4, capped: 1 }),
      hintOf('c', { roles: ['submitter'], parked: 3, capped: 2 }),
    ];
    const port: Hints = { put: async () => {}, list: async () => hints };
    const peers = new WorkerPeers({ hints: port, name: 'a', clock: createManualClock() });
    assert.deepEqual(peers.heldBack(), { parked: 0, capped: 0 });
    await peers.refresh();
    assert.deepEqual(peers.heldBack(), { parked: 4, capped: 2 });
  });

  it('has everything as its own while hints cannot be read', async () => {
    const port: Hints = { put: async () => {}, list: () => Promise.reject(new Error('away')) };
    const peers = new WorkerPeers({ hints: port, name: 'a', clock: createManualClock() });
    await peers.refresh();
    assert.ok(shards.every(shard => peers.isOwn(shard)));
  });
});
