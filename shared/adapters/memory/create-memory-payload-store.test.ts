import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryPayloadStore } from './create-memory-payload-store.ts';

describe('createMemoryPayloadStore', () => {
  it('keeps what was used last when it is full', async () => {
    const store = createMemoryPayloadStore({ bytesMax: 30 });
    for (const bk of ['a', 'b', 'c']) await store.put(bk, new Uint8Array(10));
    await store.get('a');
    await store.put('d', new Uint8Array(10));
    assert.equal(await store.get('b'), null);
    for (const bk of ['a', 'c', 'd']) assert.ok(await store.get(bk));
  });

  it('does not keep what is larger than all it may keep, nor the value before it', async () => {
    const store = createMemoryPayloadStore({ bytesMax: 30 });
    await store.put('a', new Uint8Array(10));
    await store.put('b', new Uint8Array(10));
    await store.put('a', new Uint8Array(31));
    assert.equal(await store.get('a'), null);
    assert.ok(await store.get('b'));
  });
});
