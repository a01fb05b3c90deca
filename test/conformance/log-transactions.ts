import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fence } from '#ports/log.ts';
import {
  isFenced,
  type LogUnderTest,
  markEnd,
  newRecord,
  newRecords,
  readAllVisible,
  readUntil,
  textOf,
} from './log-fixture.ts';

const results = { topic: 'results', partition: 0 } as const;
const deadLetters = { topic: 'dead-letters', partition: 0 } as const;
const settled = { topic: 'settled', partition: 1 } as const;

export function describeTransactions(get: () => LogUnderTest): void {
  describe('fence', () => {
    it('commits records of several topics and positions in one step, any number of times', async () => {
      const { log, other } = get();
      const marks = await Promise.all([results, deadLetters, settled].map(at => markEnd(log, at.topic, at.partition)));
      const fence = await log.fence(0);
      for (let round = 1; round <= 3; round++) {
        const positions = [{ group: 'transactions', topic: 'documents' as const, partition: 0, offset: round }];
        await fence.send([
          { ...results, records: newRecords(`result ${round}`, 2) },
          { ...deadLetters, records: newRecords(`dead ${round}`, 1), positions },
        ]);
        await fence.send([{ ...settled, records: newRecords(`settled ${round}`, 1) }]);
        await fence.commit();
        assert.equal((await other.position('transactions', 'documents', 0))?.offset, round);
      }
      const read = await Promise.all(
        marks.map((mark, index) => readUntil(other, mark, all => all.length >= [6, 3, 3][index]!)),
      );
      assert.deepEqual(
        read[0]!.map(textOf),
        ['1 0', '1 1', '2 0', '2 1', '3 0', '3 1'].map(text => `result ${text}`),
      );
      assert.deepEqual(read[2]!.map(textOf), ['settled 1 0', 'settled 2 0', 'settled 3 0']);
    });

    it('Readers see only committed records: nothing of an aborted transaction, nor its positions', async () => {
      const { log, other } = get();
      const mark = await markEnd(log, 'results');
      const fence = await log.fence(1);
      const positions = [{ group: 'aborted', topic: 'documents' as const, partition: 0, offset: 7 }];
      await fence.send([{ ...results, records: newRecords('aborted', 3), positions }]);
      await fence.abort();
      await fence.send([{ ...results, records: [newRecord('kept')] }]);
      await fence.commit();
      assert.deepEqual((await readAllVisible(other, mark)).map(textOf), ['kept']);
      assert.equal(await other.position('aborted', 'documents', 0), null);
    });

    it('Readers never see beyond the first record of a transaction that is still open', async () => {
      const { fixture, log, other } = get();
      const mark = await markEnd(log, 'results');
      const fence = await log.fence(2);
      await fence.send([{ ...results, records: [newRecord('in the transaction')] }]);
      const { offsets } = await other.append({ ...results, records: [newRecord('behind it')] });
      assert.ok((await log.endOffset('results', 0)) > offsets[0]!, 'the end counts open transactions');
      if (fixture.holdsOffsets) {
        const { records, nextOffset } = await other.read({ ...mark, recordsMax: 10 });
        assert.deepEqual(records, []);
        assert.ok(nextOffset < offsets[0]!);
        assert.deepEqual(await other.readAt({ ...results, offsets }), [null]);
      } else {
        assert.deepEqual((await readUntil(other, mark, all => all.length > 0)).map(textOf), ['behind it']);
      }
      await fence.commit();
      const texts = (await readAllVisible(other, mark)).map(textOf);
      assert.deepEqual(texts.toSorted(), ['behind it', 'in the transaction']);
    });

    it("aborts every earlier holder's open transaction, and whatever it tries later fails with `fenced`", async () => {
      const { log, other } = get();
      const mark = await markEnd(log, 'results');
      const former = await log.fence(3);
      await former.send([{ ...results, records: [newRecord('of the former')] }]);
      const current = await other.fence(3);
      await assert.rejects(former.commit(), { code: 'fenced' });
      await current.send([{ ...results, records: [newRecord('of the current')] }]);
      await current.commit();
      assert.ok(await isFenced(sendAndCommit(former, 'of the former, late')));
      await former.abort();
      await current.send([{ ...results, records: [newRecord('again of the current')] }]);
      await current.commit();
      const texts = (await readAllVisible(other, mark)).map(textOf);
      assert.deepEqual(texts, ['of the current', 'again of the current']);
    });

    it('fences a former holder that first writes after it was replaced', async () => {
      const { log, other } = get();
      const mark = await markEnd(log, 'results');
      const former = await log.fence(4);
      const current = await other.fence(4);
      assert.ok(await isFenced(sendAndCommit(former, 'of the former')));
      await sendAndCommit(current, 'of the current');
      assert.deepEqual((await readAllVisible(log, mark)).map(textOf), ['of the current']);
    });

    it('fences the same process too, and no other shard', async () => {
      const { log, other } = get();
      const mark = await markEnd(log, 'results');
      const neighbour = await other.fence(6);
      const former = await log.fence(5);
      const current = await log.fence(5);
      assert.ok(await isFenced(sendAndCommit(former, 'of the former')));
      await sendAndCommit(neighbour, 'of the neighbour');
      await sendAndCommit(current, 'of the current');
      assert.deepEqual((await readAllVisible(log, mark)).map(textOf), ['of the neighbour', 'of the current']);
    });

    it('lets exactly one of many commit when all take the shard at once', async () => {
      const { fixture, log, other } = get();
      const mark = await markEnd(log, 'results');
      const logs = [log, other, await fixture.connect()];
      const fences = await Promise.all(logs.map(each => each.fence(7)));
      const fenced = await Promise.all(fences.map((fence, index) => isFenced(sendAndCommit(fence, `holder ${index}`))));
      const visible = (await readAllVisible(log, mark)).map(textOf);
      assert.equal(fenced.filter(is => !is).length, 1);
      assert.deepEqual(visible, [`holder ${fenced.indexOf(false)}`]);
    });

    it('commits nothing when nothing was sent', async () => {
      const { log, other } = get();
      const mark = await markEnd(log, 'results');
      const fence = await log.fence(8);
      await fence.commit();
      await fence.abort();
      assert.deepEqual(await readAllVisible(other, mark), []);
    });
  });
}

async function sendAndCommit(fence: Fence, text: string): Promise<void> {
  await fence.send([{ ...results, records: [newRecord(text)] }]);
  await fence.commit();
}
