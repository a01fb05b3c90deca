import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogUnderTest, markEnd, newRecord, readUntil } from './log-fixture.ts';

/** Far below the time limit the waits are given, far above what a busy machine needs. */
const soonMs = 10_000;
const timeoutMs = 60_000;

export function describeWaiting(get: () => LogUnderTest): void {
  describe('waitForMore', () => {
    it('resolves at once when there is something beyond a mark', async () => {
      const { log } = get();
      const mark = await markEnd(log, 'results');
      await log.append({ ...mark, records: [newRecord('there')] });
      await readUntil(log, mark, all => all.length > 0);
      await isSoon(log.waitForMore([mark], timeoutMs));
    });

    for (const writer of ['log', 'other'] as const) {
      const who = writer === 'log' ? 'the same' : 'another';
      it(`wakes by an append of ${who} process, to whichever of the marks`, async () => {
        const { log, [writer]: appender } = get();
        const marks = [await markEnd(log, 'journal'), await markEnd(log, 'settled', 1)];
        const waiting = log.waitForMore(marks, timeoutMs);
        await sleep(20);
        await appender.append({ topic: 'settled', partition: 1, records: [newRecord('wake')] });
        await isSoon(waiting);
        assert.equal((await readUntil(log, marks[1]!, all => all.length > 0)).length, 1);
      });
    }

    it('wakes by the commit of a transaction', async () => {
      const { log, other } = get();
      const mark = await markEnd(log, 'results');
      const fence = await other.fence(9);
      await fence.send([{ ...mark, records: [newRecord('committed')] }]);
      const seen = readUntil(log, mark, all => all.length > 0);
      await sleep(20);
      await fence.commit();
      await isSoon(seen);
    });

    it('resolves at the latest after its time', async () => {
      const { log } = get();
      const mark = await markEnd(log, 'recipes');
      await isSoon(log.waitForMore([mark], 50));
      await isSoon(log.waitForMore([mark], 0));
      await isSoon(log.waitForMore([], 50));
    });

    it('resolves when it is aborted', async () => {
      const { log } = get();
      const mark = await markEnd(log, 'recipes');
      const controller = new AbortController();
      const waiting = log.waitForMore([mark], timeoutMs, controller.signal);
      await sleep(20);
      controller.abort();
      await isSoon(waiting);
      await isSoon(log.waitForMore([mark], timeoutMs, controller.signal));
    });
  });
}

async function isSoon(waiting: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const late = sleep(soonMs, 'late', { signal: timer.signal }).catch(() => null);
  assert.notEqual(await Promise.race([waiting.then(() => 'soon'), late]), 'late');
  timer.abort();
}
