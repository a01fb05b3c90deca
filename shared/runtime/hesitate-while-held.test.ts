import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createManualClock } from '#adapters/memory/create-manual-clock.ts';
import { createMemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { createMemoryWorkQueue } from '#adapters/memory/create-memory-work-queue.ts';
import { timingFor } from '#core/timing.ts';
import { ScriptedProvider } from '#test/support/scripted-provider.ts';
import { hesitateWhileHeld } from './hesitate-while-held.ts';
import { ProviderAccount } from './provider-account.ts';
import { ViewFollower } from './view-follower.ts';

const take = { limit: 1, lockMs: 10_000, waitMs: 5_000 };

async function setup(pinnedOwner: string) {
  const clock = createManualClock();
  const follower = new ViewFollower(createMemoryCluster().connect());
  const provider = new ScriptedProvider({ clock });
  const account = new ProviderAccount({ name: 'main', provider, clock, timing: timingFor() });
  const { facts } = await account.list({ limit: 1 });
  const owner = pinnedOwner === 'own' ? facts.owner : pinnedOwner;
  await follower.append(
    { kind: 'FLEET', fleet: 'abcdef', partitions: 1, settledPartitions: 1 },
    { kind: 'ACCOUNT', account: 'main', provider: 'anthropic', baseUrl: provider.baseUrl, owner },
  );
  await follower.catchUp();
  const queue = createMemoryWorkQueue({ clock });
  const hesitant = hesitateWhileHeld(queue, { accounts: new Map([['main', account]]), follower, clock });
  return { clock, queue, hesitant };
}

describe('hesitateWhileHeld', () => {
  it('takes at once while creates are allowed', async () => {
    const { queue, hesitant } = await setup('own');
    await queue.add({ queue: 'submit', id: 'b' });
    assert.deepEqual(
      (await hesitant.take('submit', take)).map(({ id }) => id),
      ['b'],
    );
  });

  it('lets another process take first while they are not, and takes what is still there', async () => {
    const { clock, queue, hesitant } = await setup('another');
    await queue.add({ queue: 'submit', id: 'b' });
    const first = hesitant.take('submit', take);
    assert.deepEqual(
      (await queue.take('submit', take)).map(({ id }) => id),
      ['b'],
    );
    await clock.advance(1_000);
    assert.deepEqual(await first, []);
    await queue.postpone('submit', 'b', 0);
    const second = hesitant.take('submit', take);
    await clock.advance(1_000);
    assert.deepEqual(
      (await second).map(({ id }) => id),
      ['b'],
    );
  });

  it('never hesitates over what no provider has to do with', async () => {
    const { queue, hesitant } = await setup('another');
    await queue.add({ queue: 'retry', id: '0-0-1' });
    assert.equal((await hesitant.take('retry', take)).length, 1);
  });

  it('ends its wait when it is told to stop', async () => {
    const { queue, hesitant } = await setup('another');
    await queue.add({ queue: 'submit', id: 'b' });
    const stopping = new AbortController();
    const taken = hesitant.take('submit', { ...take, signal: stopping.signal });
    stopping.abort();
    assert.deepEqual(await taken, []);
  });
});
