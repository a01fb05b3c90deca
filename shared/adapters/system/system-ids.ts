import { randomFillSync } from 'node:crypto';
import type { Ids } from '#ports/ids.ts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** Names from the random numbers of the operating system. */
export const systemIds: Ids = {
  batchKey: () => base32(12),
  nonce: () => base32(16),
  fleetId: () => base32(6),
};

/** Five random bits a character. */
function base32(length: number): string {
  let text = '';
  for (const byte of randomFillSync(new Uint8Array(length))) text += alphabet[byte & 31];
  return text;
}
