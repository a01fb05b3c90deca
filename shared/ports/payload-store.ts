/**
 * Built requests between seal and create: one value per batch. A cache: any value may be gone at any time, and is then
 * rebuilt byte for byte from documents and recipe. MUST never return anything but what was put under that key.
 */
export interface PayloadStore {
  put(bk: string, payload: Uint8Array): Promise<void>;
  get(bk: string): Promise<Uint8Array | null>;
  delete(bk: string): Promise<void>;
}
