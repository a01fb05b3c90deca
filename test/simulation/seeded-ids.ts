import type { Ids } from '#ports/ids.ts';
import type { Random } from './random.ts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** Names drawn from the run's own chance. */
export function createSeededIds(random: Random): Ids {
  const draw = (length: number): string => {
    let name = '';
    for (let index = 0; index < length; index++) name += alphabet[Math.floor(random.unit() * alphabet.length)];
    return name;
  };
  return { batchKey: () => draw(12), nonce: () => draw(8), fleetId: () => draw(6) };
}
