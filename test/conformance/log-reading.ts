import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogRecord } from '#ports/log.ts';
import { type LogUnderTest, markEnd, newRecords, readUntil, textOf } from './log-fixture.ts';

const topic = 'documents';
const partition = 0;

export function describeReading(get: () => LogUnderTest): void {
  describe('read', () => {
    it('position is always `nextOffset`: it leads over gaps, and ends at the end offset with nothing left', async () => {
      const { log } = get();
      const mark = await markEnd(log, topic);
      await log.append({ topic, partition, records: newRecords('a', 10) });
      await log.append({ topic, partition, records: newRecords('b', 10) });
      await readUntil(log, mark, all => all.length >= 20);
      const seen: LogRecord[] = [];
      let from = mark.from;
      for (;;) {
        const { records, nextOffset, isAtEnd } = await log.read({ topic, partition, from, recordsMax: 3 });
        assert.ok(records.length <= 3);
        assert.ok(!isAtEnd || seen.length + records.length === 20, 'there was more to read');
        if (records.length === 0) {
          assert.ok(isAtEnd);
          assert.equal(nextOffset, await log.endOffset(topic, partition));
          break;
        }
        assert.ok(nextOffset > records[records.length - 1]!.offset);
        assert.ok(records.every(record => record.offset >= from));
        seen.push(...records);
        from = nextOffset;
      }
      assert.equal(seen.length, 20);
      assert.equal(new Set(seen.map(textOf)).size, 20);
    });

    it('begins anywhere, also between records', async () => {
      const { log } = get();
      const mark = await markEnd(log, topic);
      const { offsets } = await log.append({ topic, partition, records: newRecords('c', 8) });
      await readUntil(log, mark, all => all.length >= 8);
      for (let from = mark.from; from <= offsets[7]!; from++) {
        const [record] = await readUntil(log, { topic, partition, from }, all => all.length > 0);
        assert.equal(
          record!.offset,
          offsets.find(offset => offset >= from),
        );
      }
    });

    it('is empty at the end', async () => {
      const { log } = get();
      const from = await log.endOffset(topic, partition);
      assert.deepEqual(await log.read({ topic, partition, from, recordsMax: 10 }), {
        records: [],
        nextOffset: from,
        isAtEnd: true,
      });
    });
  });

  describe('readAt', () => {
    it('answers in the order asked, with null where there is no record', async () => {
      const { log, other } = get();
      const mark = await markEnd(log, topic);
      const first = await log.append({ topic, partition, records: newRecords('d', 5) });
      const second = await log.append({ topic, partition, records: newRecords('e', 5) });
      await readUntil(other, mark, all => all.length >= 10);
      const written = new Set([...first.offsets, ...second.offsets]);
      const end = await log.endOffset(topic, partition);
      const offsets = [
        end + 1_000,
        ...Array.from({ length: end - mark.from }, (_, index) => end - 1 - index),
        mark.from,
      ];
      const records = await other.readAt({ topic, partition, offsets });
      assert.equal(records.length, offsets.length);
      for (const [index, record] of records.entries()) {
        assert.equal(record?.offset ?? null, written.has(offsets[index]!) ? offsets[index] : null);
      }
      const texts = [...first.offsets, ...second.offsets].map(offset => textOf(records[offsets.indexOf(offset)]!));
      assert.deepEqual(texts, [0, 1, 2, 3, 4].map(n => `d ${n}`).concat([0, 1, 2, 3, 4].map(n => `e ${n}`)));
    });

    it('answers nothing when nothing is asked', async () => {
      assert.deepEqual(await get().log.readAt({ topic, partition, offsets: [] }), []);
    });
  });

  describe('endOffset', () => {
    it('is at most the offset of the next append, whoever makes it', async () => {
      const { log, other } = get();
      for (const [reader, writer] of [
        [log, other],
        [other, log],
        [log, log],
      ] as const) {
        const end = await reader.endOffset(topic, partition);
        const { offsets } = await writer.append({ topic, partition, records: newRecords('f', 2) });
        assert.ok(offsets[0]! >= end);
        assert.ok((await writer.endOffset(topic, partition)) > offsets[1]!);
      }
    });
  });
}
