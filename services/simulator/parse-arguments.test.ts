import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseArguments } from './parse-arguments.ts';

function parsed(...args: string[]) {
  const options = parseArguments(args, () => assert.fail('help was not asked for'));
  return options ?? assert.fail('no options');
}

describe('parseArguments', () => {
  it('serves at scale 1 with batches of 1 to 3 s when told nothing', () => {
    const { timeScale, latency, seed, port, directory } = parsed();
    assert.deepEqual([timeScale, latency, seed, port, directory], [1, { minMs: 1_000, maxMs: 3_000 }, 1, 0, undefined]);
  });

  it('reads every flag', () => {
    const faults = '{"item-transient":{"probability":0.02}}';
    const options = parsed(
      '--port=8',
      '--dir=d',
      '--seed=7',
      '--time-scale=86400',
      '--latency-min-ms=1',
      '--latency-max-ms=2',
      `--faults=${faults}`,
    );
    assert.deepEqual(options, {
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

  it('prints every flag and its default when asked for help, and has nothing to serve', () => {
    for (const name of ['--help', '-h']) {
      const printed: string[] = [];
      assert.equal(
        parseArguments([name], text => void printed.push(text)),
        null,
      );
      const help = printed.join('');
      assert.match(help, /^Usage: simulator \[options\]\n\nServes a simulated Anthropic API/);
      assert.match(help, /--latency-max-ms <ms> +longest life of a batch \(default: 3000\)/);
      for (const flag of ['port', 'host', 'dir', 'seed', 'time-scale', 'latency-min-ms', 'provider-like', 'faults'])
        assert.ok(help.includes(`--${flag} `), flag);
    }
  });

  it('refuses what it does not know, and says where help is', () => {
    assert.throws(() => parsed('--colour'), /^Error: error: unknown option '--colour' \(node .+main\.ts --help\)$/);
    assert.throws(() => parsed('--prot=1'), /did you mean --port/i);
    assert.throws(() => parsed('5'), /too many arguments/);
  });

  it('refuses what is no value of its flag', () => {
    assert.throws(() => parsed('--port=many', '--time-scale=0'), /^Error: --port: .+\n--time-scale: .+$/);
    assert.throws(() => parsed('--faults={'), /--faults is no JSON/);
    assert.throws(() => parsed('--faults={"no-such-fault":{}}'), /no-such-fault|key/i);
    assert.throws(() => parsed('--faults={"list-503":{"chance":1}}'), /chance/);
  });
});
