import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { QueueName, WorkQueue } from '#ports/work-queue.ts';

export interface WorkQueueFixture {
  queue: WorkQueue;
  /** Lets time pass, as the queue sees it. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

const now = { limit: 10, lockMs: 60_000, waitMs: 0 };
const patient = { ...now, waitMs: 20_000 };

/** The contract of `#ports/work-queue.ts`, the same for every adapter. Each test uses ids of its own. */
export function describeWorkQueue(name: string, make: () => Promise<WorkQueueFixture>): void {
  describe(`work queue: ${name}`, () => {
    let queue: WorkQueue;
    let fixture: WorkQueueFixture;
    before(async () => {
      fixture = await make();
      queue = fixture.queue;
    });
    after(() => fixture.close());

    const drain = async (queueName: QueueName): Promise<void> => {
      for (;;) {
        const jobs = await queue.take(queueName, now);
        if (jobs.length === 0) return;
        for (const { id } of jobs) await queue.done(queueName, id);
      }
    };

    it('gives jobs in the order they were added, at most `limit`, and only of the queue asked', async () => {
      for (const id of ['a1', 'a2', 'a3']) await queue.add({ queue: 'submit', id });
      await queue.add({ queue: 'collect', id: 'a4' });
      assert.deepEqual(ids(await queue.take('submit', { ...now, limit: 2 })), ['a1', 'a2']);
      assert.deepEqual(await queue.take('submit', now), [{ queue: 'submit', id: 'a3' }]);
      assert.deepEqual(await queue.take('submit', now), []);
      assert.deepEqual(ids(await queue.take('collect', now)), ['a4']);
    });

    it('MUST: `add` of an id that waits or is taken changes nothing', async () => {
      await queue.add({ queue: 'submit', id: 'b1' });
      await queue.add({ queue: 'submit', id: 'b1' });
      assert.deepEqual(ids(await queue.take('submit', now)), ['b1']);
      await queue.add({ queue: 'submit', id: 'b1' });
      assert.deepEqual(await queue.take('submit', now), []);
      await queue.done('submit', 'b1');
      await queue.add({ queue: 'submit', id: 'b2', delayMs: 60_000 });
      await queue.add({ queue: 'submit', id: 'b2' });
      assert.deepEqual(await queue.take('submit', now), []);
      await queue.done('submit', 'b2');
    });

    it('takes a new job under an id that is done', async () => {
      await queue.add({ queue: 'submit', id: 'c1' });
      await queue.take('submit', now);
      await queue.done('submit', 'c1');
      assert.deepEqual(await queue.take('submit', now), []);
      await queue.add({ queue: 'submit', id: 'c1' });
      assert.deepEqual(ids(await queue.take('submit', now)), ['c1']);
      await queue.done('submit', 'c1');
    });

    it('keeps a job until it is due, and wakes whoever waits for it', async () => {
      await queue.add({ queue: 'retry', id: 'd1', delayMs: 400 });
      assert.deepEqual(await queue.take('retry', now), []);
      const taking = queue.take('retry', patient);
      await fixture.pass(1_500);
      assert.deepEqual(ids(await taking), ['d1']);
      await queue.done('retry', 'd1');
    });

    it('gives what is due first first', async () => {
      await queue.add({ queue: 'retry', id: 'e2', delayMs: 600 });
      await queue.add({ queue: 'retry', id: 'e1', delayMs: 300 });
      await fixture.pass(1_500);
      assert.deepEqual(ids(await queue.take('retry', patient)), ['e1', 'e2']);
      await drain('retry');
    });

    it('MUST: a taken job that is neither done nor postponed comes back after `lockMs`', async () => {
      await queue.add({ queue: 'submit', id: 'f1' });
      assert.deepEqual(ids(await queue.take('submit', { ...now, lockMs: 500 })), ['f1']);
      assert.deepEqual(await queue.take('submit', now), []);
      const taking = queue.take('submit', patient);
      await fixture.pass(1_500);
      assert.deepEqual(ids(await taking), ['f1']);
      await queue.done('submit', 'f1');
    });

    it('puts a postponed job back, due in `delayMs`', async () => {
      await queue.add({ queue: 'collect', id: 'g1' });
      await queue.take('collect', { ...now, lockMs: 300 });
      await queue.postpone('collect', 'g1', 1_000);
      await fixture.pass(500);
      assert.deepEqual(await queue.take('collect', now), []);
      const taking = queue.take('collect', patient);
      await fixture.pass(1_500);
      assert.deepEqual(ids(await taking), ['g1']);
      await queue.done('collect', 'g1');
    });

    it('does not mind `done` and `postpone` of a job it does not know', async () => {
      await queue.done('submit', 'h1');
      await queue.postpone('submit', 'h1', 0);
      assert.deepEqual(await queue.take('submit', now), []);
    });

    it('wakes a waiting taker when a job is added, and gives each job to one of them', async () => {
      const takers = [queue.take('submit', { ...patient, limit: 1 }), queue.take('submit', { ...patient, limit: 1 })];
      await fixture.pass(50);
      await queue.add({ queue: 'submit', id: 'i1' });
      await queue.add({ queue: 'submit', id: 'i2' });
      const taken = (await Promise.all(takers)).flatMap(ids);
      assert.deepEqual(taken.toSorted(), ['i1', 'i2']);
      for (const id of taken) await queue.done('submit', id);
    });

    it('stops waiting after `waitMs`, and at once when aborted', async () => {
      const waiting = queue.take('submit', { ...now, waitMs: 300 });
      await fixture.pass(1_000);
      assert.deepEqual(await waiting, []);
      const controller = new AbortController();
      const aborted = queue.take('submit', { ...patient, signal: controller.signal });
      controller.abort();
      assert.deepEqual(await aborted, []);
    });

    it('counts the jobs that wait, due or not', async () => {
      await queue.add({ queue: 'submit', id: 'j1' });
      await queue.add({ queue: 'submit', id: 'j2', delayMs: 60_000 });
      await queue.add({ queue: 'collect', id: 'j3' });
      const before = await queue.depths();
      assert.equal(before.submit, 2);
      await queue.take('submit', now);
      assert.equal((await queue.depths()).submit, 1);
      await queue.done('submit', 'j1');
      await queue.done('submit', 'j2');
      assert.equal((await queue.depths()).submit, 0);
    });

    it('holds ten thousand jobs and gives each once', async () => {
      const count = 10_000;
      for (let index = 0; index < count; index++) await queue.add({ queue: 'retry', id: `k${index}` });
      const taken = new Set<string>();
      for (;;) {
        const jobs = await queue.take('retry', { ...now, limit: 500 });
        if (jobs.length === 0) break;
        for (const { id } of jobs) {
          assert.ok(!taken.has(id));
          taken.add(id);
          await queue.done('retry', id);
        }
      }
      assert.equal(taken.size, count);
    });
  });
}

const ids = (jobs: readonly { id: string }[]): string[] => jobs.map(({ id }) => id);
