import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Hints, hintBytesMax } from '#ports/hints.ts';

export interface HintsFixture {
  hints: Hints;
  /** Lets time pass, as the hints see it. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

const minute = 60_000;

/** The contract of `#ports/hints.ts`, the same for every adapter. Each test uses names of its own. */
export function describeHints(name: string, make: () => Promise<HintsFixture>): void {
  describe(`hints: ${name}`, () => {
    let hints: Hints;
    let fixture: HintsFixture;
    before(async () => {
      fixture = await make();
      hints = fixture.hints;
    });
    after(() => fixture.close());

    it('lists what begins with a prefix, by name', async () => {
      await hints.put('a.worker.2', { roles: ['poller'], rssBytes: 3 }, minute);
      await hints.put('a.worker.1', { roles: [], text: 'ü "\u2028"' }, minute);
      await hints.put('a.lane.1', 7, minute);
      assert.deepEqual(await hints.list('a.worker.'), [
        { name: 'a.worker.1', value: { roles: [], text: 'ü "\u2028"' } },
        { name: 'a.worker.2', value: { roles: ['poller'], rssBytes: 3 } },
      ]);
      assert.equal((await hints.list('a.')).length, 3);
      assert.deepEqual(await hints.list('a.nothing'), []);
    });

    it('MUST: gives the last that was put under a name', async () => {
      await hints.put('b', { version: 1 }, minute);
      await hints.put('b', { version: 2 }, minute);
      assert.deepEqual(await hints.list('b'), [{ name: 'b', value: { version: 2 } }]);
    });

    it('MUST: gives nothing whose time is over, and takes it again under the same name', async () => {
      await hints.put('c.short', 1, 200);
      await hints.put('c.long', 2, minute);
      await fixture.pass(600);
      assert.deepEqual(await hints.list('c.'), [{ name: 'c.long', value: 2 }]);
      await hints.put('c.short', 3, minute);
      assert.equal((await hints.list('c.')).length, 2);
    });

    it('drops what is too long, and keeps what is just not', async () => {
      await hints.put('d.long', 'x'.repeat(hintBytesMax), minute);
      await hints.put('d.fits', 'x'.repeat(hintBytesMax - 2), minute);
      assert.deepEqual(
        (await hints.list('d.')).map(hint => hint.name),
        ['d.fits'],
      );
    });

    it('keeps a thousand', async () => {
      await Promise.all(Array.from({ length: 1_000 }, (_, index) => hints.put(`e.${index}`, index, minute)));
      const sum = (await hints.list('e.')).reduce((total, { value }) => total + Number(value), 0);
      assert.equal(sum, (999 * 1_000) / 2);
    });
  });
}
