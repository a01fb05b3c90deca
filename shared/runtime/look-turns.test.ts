import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Hints } from '#ports/hints.ts';
import { LookTurns } from './look-turns.ts';

function setup() {
  const values = new Map<string, unknown>();
  const hints: Hints = {
    put: async (name, value) => void values.set(name, value),
    list: async prefix =>
      [...values].filter(([name]) => name.startsWith(prefix)).map(([name, value]) => ({ name, value })),
  };
  const time = { now: 10_000 };
  const turnsOf = (name: string) => new LookTurns({ hints, name, clock: { now: () => time.now } });
  return { values, time, turnsOf };
}

describe('LookTurns', () => {
  it('says how long ago another process looked, of the same account only', async () => {
    const { time, turnsOf } = setup();
    const [a, b] = [turnsOf('a'), turnsOf('b')];
    assert.equal(await b.sinceOther('main'), null);
    await a.take('main', 250);
    time.now += 40;
    assert.equal(await b.sinceOther('main'), 40);
    assert.equal(await b.sinceOther('mai'), null);
    assert.equal(await a.sinceOther('main'), null);
  });

  it('takes a clock that is ahead for now, and nonsense for nothing', async () => {
    const { values, turnsOf } = setup();
    values.set('look/main', { by: 'a', at: 99_999 });
    assert.equal(await turnsOf('b').sinceOther('main'), 0);
    values.set('look/main', 'x');
    assert.equal(await turnsOf('b').sinceOther('main'), null);
  });

  it('lets everybody look while hints cannot be read', async () => {
    const hints: Hints = { put: async () => {}, list: () => Promise.reject(new Error('away')) };
    const turns = new LookTurns({ hints, name: 'a', clock: { now: () => 0 } });
    assert.equal(await turns.sinceOther('main'), null);
  });
});
