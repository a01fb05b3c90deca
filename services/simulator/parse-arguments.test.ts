import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseArguments } from './parse-arguments.ts';

describe('parseArguments', () => {
  it('serves at scale 1 with batches of 1 to 3 s when told nothing', () => {
    const { timeScale, latency, seed, port, directory } = parseArguments([]);
    assert.deepEqual([timeScale, latency, seed, port, directory], [1, { minMs: 1_000, maxMs: 3_000 }, 1, 0, undefined]);
  });

  it('reads every flag', () => {
    const faults = '{"item-transient":{"probability":0.02}}';
    const parsed = parseArguments([
      '--port=8',
      '--dir=d',
      '--seed=7',
      '--time-scale=86400',
      '--latency-min-ms=1',
      '--latency-max-ms=2',
      `--faults=${faults}`,
    ]);
    assert.deepEqual(parsed, {
      port: 8,
      host: '127.0.0.1',
      seed: 7,
      timeScale: 86_400,
      latency: { minMs: 1, maxMs: 2 },
      cacheHitShare: 1,
      faults: { 'item-transient': { probability: 0.02 } },
      directory: 'd',
    });
  });

  it('refuses what it does not know', () => {
    assert.throws(() => parseArguments(['--colour']));
    assert.throws(() => parseArguments(['--port=many']));
    assert.throws(() => parseArguments(['--faults={"no-such-fault":{}}']), /no-such-fault|key/i);
    assert.throws(() => parseArguments(['--faults={"list-503":{"chance":1}}']), /chance/);
  });
});
