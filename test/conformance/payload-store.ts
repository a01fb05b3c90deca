import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { PayloadStore } from '#ports/payload-store.ts';

export interface PayloadStoreFixture {
  store: PayloadStore;
  close(): Promise<void>;
}

/** The contract of `#ports/payload-store.ts`, the same for every adapter. */
export function describePayloadStore(name: string, make: () => Promise<PayloadStoreFixture>): void {
  describe(`payload store: ${name}`, () => {
    let fixture: PayloadStoreFixture;
    before(async () => {
      fixture = await make();
    });
    after(() => fixture.close());

    it('returns byte for byte what was put under that key', async () => {
      const payloads = new Map([
        ['binary', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
        ['empty', Buffer.alloc(0)],
        ['large', Buffer.alloc(2 * 1024 * 1024, 'large ')],
      ]);
      for (const [bk, payload] of payloads) await fixture.store.put(bk, payload);
      for (const [bk, payload] of payloads) assert.ok(await holds(fixture.store, bk, payload), bk);
    });

    it('knows nothing of a key that nothing was put under', async () => {
      assert.equal(await fixture.store.get('unknown'), null);
    });

    it('returns what was put last under a key', async () => {
      await fixture.store.put('twice', Buffer.from('first'));
      await fixture.store.put('twice', Buffer.from('second'));
      assert.ok(await holds(fixture.store, 'twice', Buffer.from('second')));
    });

    it('deletes, and deletes again, and takes a new value after it', async () => {
      await fixture.store.put('deleted', Buffer.from('old'));
      await fixture.store.delete('deleted');
      assert.equal(await fixture.store.get('deleted'), null);
      await fixture.store.delete('deleted');
      await fixture.store.delete('never there');
      await fixture.store.put('deleted', Buffer.from('new'));
      assert.ok(await holds(fixture.store, 'deleted', Buffer.from('new')));
    });

    it('MUST never return anything but what was put under that key, however many are put and deleted at once', async () => {
      const keys = Array.from({ length: 200 }, (_, index) => `many${index}`);
      await Promise.all(keys.map(bk => fixture.store.put(bk, Buffer.from(bk))));
      await Promise.all(keys.filter((_, index) => index % 2 === 0).map(bk => fixture.store.delete(bk)));
      for (const [index, bk] of keys.entries()) {
        const payload = await fixture.store.get(bk);
        if (index % 2 === 0) assert.equal(payload, null);
        else if (payload !== null) assert.equal(Buffer.from(payload).toString(), bk);
      }
    });
  });
}

/** Any value may be gone at any time; in a test, with nothing else going on, it is there. */
async function holds(store: PayloadStore, bk: string, payload: Buffer): Promise<boolean> {
  const found = await store.get(bk);
  return found !== null && payload.equals(found);
}
