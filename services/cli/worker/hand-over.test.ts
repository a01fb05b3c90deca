import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createManualClock } from '#adapters/memory/create-manual-clock.ts';
import { LoopProgress } from '#runtime/loop-progress.ts';
import { handedOverInWords, handOver } from './hand-over.ts';

const lane = (items: number) => ({ key: 'k', items, itemsMax: 100, ageMs: 1, ageMsMax: 30_000 });

function setup(rounds: Readonly<Record<string, number>>) {
  const clock = createManualClock();
  const progress = new LoopProgress(clock);
  const under = Object.entries(rounds).map(([name, ms]) =>
    progress.watch({ name, round: () => clock.sleep(ms) }).round(new AbortController().signal),
  );
  const running = {
    progress,
    openLanes: () => [lane(30), lane(7)],
    stop: async () => void (await Promise.all(under)),
  };
  return { clock, running };
}

describe('handOver', () => {
  it('waits for what is under way, and counts what it leaves', async () => {
    const { clock, running } = setup({ collect: 2_000, look: 500 });
    const handed = handOver(running, { clock, limitMs: 8_000 });
    await clock.advance(2_000);
    const { lanes, documents, finished, unfinished, isComplete, tookMs } = await handed;
    assert.deepEqual([lanes, documents, finished, unfinished, isComplete, tookMs], [2, 37, 2, [], true, 2_000]);
    assert.equal(
      handedOverInWords(await handed),
      'handed over: 2 open lanes with 37 documents; nothing under way; after 2.0 s',
    );
  });

  it('does not wait beyond its limit, and names what it leaves unfinished', async () => {
    const { clock, running } = setup({ submitter: 30_000, look: 500 });
    const handed = handOver(running, { clock, limitMs: 8_000 });
    await clock.advance(8_000);
    assert.match(handedOverInWords(await handed), /; 1 round not finished \(submitter\); after 8\.0 s$/);
    assert.equal((await handed).isComplete, false);
  });
});
