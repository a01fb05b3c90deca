/**
 * Documents of batches between seal and create, as they lie in the log: one value per batch. A cache: any value may be gone at
 * any time, and its documents are then read from the log. MUST never return anything but what was put under that key.
 */
export interface PayloadStore {
  put(bk: string, payload: Uint8Array): Promise<void>;
  get(bk: string): Promise<Uint8Array | null>;
  delete(bk: string): Promise<void>;
}
