import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ids } from '#ports/ids.ts';

/** The contract of `#ports/ids.ts`, the same for every adapter. */
export function describeIds(name: string, make: () => Ids): void {
  describe(`ids: ${name}`, () => {
    it('a batch key has 12 characters of lower-case base32, a fleet id 6', () => {
      const ids = make();
      for (let round = 0; round < 100; round++) {
        assert.match(ids.batchKey(), /^[a-z2-7]{12}$/);
        assert.match(ids.fleetId(), /^[a-z2-7]{6}$/);
        assert.match(ids.nonce(), /^[a-z2-7]{12,}$/);
      }
    });

    it('batch keys and nonces do not repeat', () => {
      const ids = make();
      const count = 20_000;
      assert.equal(new Set(Array.from({ length: count }, () => ids.batchKey())).size, count);
      assert.equal(new Set(Array.from({ length: count }, () => ids.nonce())).size, count);
    });

    it('every character of the alphabet comes up at every place', () => {
      const ids = make();
      const seen = Array.from({ length: 12 }, () => new Set<string>());
      for (let round = 0; round < 2_000; round++) {
        for (const [place, character] of [...ids.batchKey()].entries()) seen[place]!.add(character);
      }
      for (const characters of seen) assert.equal(characters.size, 32);
    });
  });
}
