import { createMemoryPayloadStore } from '#adapters/memory/create-memory-payload-store.ts';
import { describePayloadStore } from './payload-store.ts';

describePayloadStore('memory', async () => ({
  store: createMemoryPayloadStore({ bytesMax: 16 * 1024 * 1024 }),
  close: async () => {},
}));
