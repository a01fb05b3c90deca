import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createManualClock } from '#adapters/memory/create-manual-clock.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { openWithPatience } from './open-with-patience.ts';

function setup(failures: readonly Error[]) {
  const clock = createManualClock();
  const stopping = new AbortController();
  const troubles: string[] = [];
  let tries = 0;
  const open = async (): Promise<string> => {
    const failure = failures[Math.min(tries++, failures.length - 1)];
    if (failure && tries <= failures.length) throw failure;
    return 'open';
  };
  const options = { clock, signal: stopping.signal, onTrouble: (why: string) => void troubles.push(why) };
  return { clock, stopping, troubles, tries: () => tries, opened: openWithPatience(open, options) };
}

const away = new FlotillaError('log-unavailable', { where: 'broker:9092', why: 'it cannot be reached' });

describe('openWithPatience', () => {
  it('tries again while it may be well later, and says what is missing', async () => {
    const { clock, opened, troubles } = setup([away, away]);
    await clock.advance(500);
    await clock.advance(1_000);
    assert.equal(await opened, 'open');
    assert.equal(troubles.length, 2);
    assert.match(troubles[0] ?? '', /broker:9092.*it cannot be reached/);
  });

  it('throws at once what no waiting mends', async () => {
    const unfit = new FlotillaError('redis-unfit');
    await assert.rejects(setup([unfit]).opened, unfit);
  });

  it('gives up after two minutes', async () => {
    const { clock, opened, tries } = setup(Array(1_000).fill(away));
    const refused = assert.rejects(opened, away);
    for (let seconds = 0; seconds < 130; seconds++) await clock.advance(1_000);
    await refused;
    assert.ok(tries() < 40, String(tries()));
  });

  it('is null when it is told to stop first', async () => {
    const { opened, stopping } = setup(Array(1_000).fill(away));
    stopping.abort();
    assert.equal(await opened, null);
  });
});
