import type { PayloadStore } from '#ports/payload-store.ts';

/** Keeps the payloads used last, up to so many bytes. A payload is not copied: it MUST NOT be changed after `put`. */
export function createMemoryPayloadStore({ bytesMax }: { bytesMax: number }): PayloadStore {
  const payloads = new Map<string, Uint8Array>();
  let sizeBytes = 0;
  const remove = (bk: string): void => {
    sizeBytes -= payloads.get(bk)?.byteLength ?? 0;
    payloads.delete(bk);
  };
  return {
    async put(bk, payload) {
      remove(bk);
      if (payload.byteLength > bytesMax) return;
      payloads.set(bk, payload);
      sizeBytes += payload.byteLength;
      for (const oldest of payloads.keys()) {
        if (sizeBytes <= bytesMax) break;
        remove(oldest);
      }
    },
    async get(bk) {
      const payload = payloads.get(bk);
      if (payload === undefined) return null;
      payloads.delete(bk);
      payloads.set(bk, payload);
      return payload;
    },
    async delete(bk) {
      remove(bk);
    },
  };
}
