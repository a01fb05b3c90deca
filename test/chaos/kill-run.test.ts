import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { killRun } from './kill-run.ts';

describe('flotilla run, killed with kill -9 twenty times over 20,000 documents', () => {
  it('loses nothing, doubles nothing, buys nothing twice, and the file is complete', async () => {
    const { kills, named, random, examples, ...counted } = await killRun({ kills: 20, documents: 20_000, seed: 7 });
    assert.equal(kills, 20);
    assert.ok(named >= 5, `only ${named} kills at named crash points`);
    assert.ok(random >= 5, `only ${random} kills at random`);
    assert.deepEqual(examples, []);
    const { documents, answered, deadLettered, lost, duplicated, wrong, boughtTwice, unaccounted } = counted;
    assert.deepEqual([lost, duplicated, wrong, boughtTwice, unaccounted], [0, 0, 0, 0, 0]);
    assert.equal(answered + deadLettered, documents);
  });
});
