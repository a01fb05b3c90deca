import type { PayloadStore } from '#ports/payload-store.ts';
import type { World } from './world.ts';

/** A cache that forgets now and then, as its port allows it. */
export function createFaultyPayloads(world: World, inner: PayloadStore): PayloadStore {
  return {
    put: (bk, payload) => inner.put(bk, payload),
    get: async bk => (world.fault(0.05, 'payload lost') ? null : inner.get(bk)),
    delete: bk => inner.delete(bk),
  };
}
