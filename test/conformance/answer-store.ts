import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { answerPolicies } from '#core/answer-cache/answer-policy.ts';
import type { AnswerEntry, AnswerSpace, AnswerStore } from '#ports/answer-store.ts';

export interface AnswerStoreFixture {
  store: AnswerStore;
  /** Lets time pass for the store. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

const ttlMs = 400;

const entryOf = (key: string): AnswerEntry => {
  const offset = [...key].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7) % 1_000_000;
  return { key, place: { rid: { partition: 3, offset }, partition: 1, from: offset + 1 } };
};

/** The contract of `#ports/answer-store.ts`, the same for every adapter. */
export function describeAnswerStore(name: string, make: () => Promise<AnswerStoreFixture>): void {
  describe(`answer store: ${name}`, () => {
    let fixture: AnswerStoreFixture;
    let tasks = 0;
    const spaceOf = (rest: Partial<AnswerSpace> = {}): AnswerSpace => {
      tasks += 1;
      return { task: `task-${tasks}`, ttlMs: 60_000, entriesMax: 100, policy: 's3-fifo', ...rest };
    };
    const find = (space: AnswerSpace, ...keys: string[]) => fixture.store.find(space, keys, { isUse: true });
    before(async () => {
      fixture = await make();
    });
    after(() => fixture.close());

    it('finds what was put under a key, in the order asked, and null for others', async () => {
      const space = spaceOf();
      const [a, b] = [entryOf('a'), entryOf('b')];
      await fixture.store.put(space, [a, b]);
      assert.deepEqual(await find(space, 'b', 'none', 'a', 'b'), [b.place, null, a.place, b.place]);
      assert.deepEqual(await find(space), []);
    });

    it('finds what was put last under a key, once', async () => {
      const space = spaceOf();
      await fixture.store.put(space, [entryOf('k')]);
      const { place } = entryOf('other');
      await fixture.store.put(space, [{ key: 'k', place }]);
      assert.deepEqual(await find(space, 'k'), [place]);
      assert.equal((await fixture.store.stats(space.task)).size, 1);
    });

    it('MUST give nothing of another task', async () => {
      const space = spaceOf();
      await fixture.store.put(space, [entryOf('k')]);
      assert.deepEqual(await find(spaceOf(), 'k'), [null]);
    });

    it('MUST give nothing after its time', async () => {
      const space = spaceOf({ ttlMs });
      await fixture.store.put(space, [entryOf('k')]);
      assert.deepEqual(await find(space, 'k'), [entryOf('k').place]);
      await fixture.pass(ttlMs + 50);
      assert.deepEqual(await find(space, 'k'), [null]);
    });

    for (const policy of answerPolicies) {
      it(`MUST hold no more entries than it may, and gives only what was put: ${policy}`, async () => {
        const space = spaceOf({ entriesMax: 50, policy });
        for (let round = 0; round < 20; round++) {
          const entries = Array.from({ length: 13 }, (_, index) => entryOf(`${round}-${index}`));
          await fixture.store.put(space, entries);
          await find(space, `${round}-0`, '0-0', '0-1');
          assert.ok((await fixture.store.stats(space.task)).size <= 50, `round ${round}`);
        }
        const keys = Array.from({ length: 260 }, (_, index) => `${Math.floor(index / 13)}-${index % 13}`);
        const places = await find(space, ...keys);
        const held = places.filter(place => place !== null).length;
        assert.ok(held >= 13 && held <= 50, `${held} held`);
        for (const [index, place] of places.entries()) {
          if (place) assert.deepEqual(place, entryOf(keys[index] as string).place);
        }
      });

      it(`keeps what is asked for again and again through a flood of others: ${policy}`, async () => {
        const space = spaceOf({ entriesMax: 50, policy });
        await fixture.store.put(space, [entryOf('hot')]);
        for (let round = 0; round < 30; round++) {
          assert.notDeepEqual(await find(space, 'hot'), [null], `round ${round}`);
          await fixture.pass(2);
          await fixture.store.put(space, [entryOf(`cold-${round}-a`), entryOf(`cold-${round}-b`)]);
        }
      });
    }

    it('lets go also for who has seen no keys and names no policy', async () => {
      const known = spaceOf({ entriesMax: 20, policy: 'lru-10' });
      const unknown: AnswerSpace = { ...known, policy: null };
      await fixture.store.put(unknown, [entryOf('a')]);
      await find(known, 'a');
      for (let index = 0; index < 25; index++) {
        await fixture.pass(2);
        await fixture.store.put(unknown, [entryOf(`k${index}`)]);
      }
      const held = (await find(known, ...Array.from({ length: 25 }, (_, index) => `k${index}`))).map(Boolean);
      assert.deepEqual(
        held,
        Array.from({ length: 25 }, (_, index) => index >= held.indexOf(true)),
      );
      assert.ok((await fixture.store.stats(known.task)).size <= 20);
    });

    it('takes another policy, and fewer entries, with what it holds', async () => {
      const space = spaceOf({ entriesMax: 40, policy: 's3-fifo' });
      await fixture.store.put(
        space,
        Array.from({ length: 40 }, (_, index) => entryOf(`k${index}`)),
      );
      const smaller: AnswerSpace = { ...space, policy: 'lru-10', entriesMax: 20 };
      await fixture.store.put(smaller, [entryOf('new')]);
      assert.deepEqual(await find(smaller, 'new'), [entryOf('new').place]);
      assert.ok((await fixture.store.stats(space.task)).size <= 20);
    });

    it('adds up counts, by task', async () => {
      const { task } = spaceOf();
      await fixture.store.count(task, { hits: 2, saved: 1, savedCost: 4_800, savedWaitMs: 7 });
      await fixture.store.count(task, { hits: 1, misses: 5, bought: 5, boughtMs: 1_200 });
      const counted = {
        hits: 3,
        misses: 5,
        saved: 1,
        savedCost: 4_800,
        savedWaitMs: 7,
        bought: 5,
        boughtMs: 1_200,
      };
      assert.deepEqual(await fixture.store.stats(task), { ...counted, size: 0 });
      assert.equal((await fixture.store.stats('never heard of')).hits, 0);
    });
  });
}
