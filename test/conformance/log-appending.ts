import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NewRecord } from '#ports/log.ts';
import { type LogUnderTest, markEnd, newRecord, newRecords, readUntil, textOf } from './log-fixture.ts';

const topic = 'documents';
const partition = 0;

export function describeAppending(get: () => LogUnderTest): void {
  describe('append', () => {
    it('returns the offset of each record and the time of the append, and readers find them there', async () => {
      const { log, other } = get();
      const mark = await markEnd(log, topic);
      const { offsets, at } = await log.append({ topic, partition, records: newRecords('a', 5) });
      assert.equal(offsets.length, 5);
      assert.ok(offsets[0]! >= mark.from);
      const records = await readUntil(other, mark, all => all.length >= 5);
      assert.deepEqual(records.map(textOf), ['a 0', 'a 1', 'a 2', 'a 3', 'a 4']);
      assert.deepEqual(
        records.map(record => record.offset),
        offsets,
      );
      for (const record of records) {
        assert.equal(record.partition, partition);
        assert.equal(record.at, at);
      }
    });

    it('gives offsets that grow, and times that never go back', async () => {
      const { log, other } = get();
      const mark = await markEnd(log, topic);
      for (let round = 0; round < 10; round++) {
        await (round % 2 === 0 ? log : other).append({ topic, partition, records: newRecords(`b${round}`, 3) });
      }
      const records = await readUntil(log, mark, all => all.length >= 30);
      for (const [index, record] of records.entries()) {
        const before = records[index - 1];
        if (before === undefined) continue;
        assert.ok(record.offset > before.offset);
        assert.ok(record.at >= before.at);
      }
    });

    it('keeps every byte: large, empty and binary values, keys and none, odd header text', async () => {
      const { log, other } = get();
      const mark = await markEnd(log, topic);
      const written: NewRecord[] = [
        { key: null, value: Buffer.alloc(0), headers: {} },
        { key: '', value: Buffer.from([0]), headers: { empty: '' } },
        { key: 'schlüssel 🗝', value: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), headers: {} },
        { key: 'large', value: Buffer.alloc(1024 * 1024 - 4096, 'large '), headers: { rid: '0/1' } },
        {
          key: 'k'.repeat(300),
          value: Buffer.from('{}'),
          headers: { traceparent: '00-ab', odd: 'ü\n"\\\u0000 🛶', rid: '0/1' },
        },
        {
          key: 'same',
          value: Buffer.from('{}'),
          headers: { traceparent: '00-ab', odd: 'ü\n"\\\u0000 🛶', rid: '0/1' },
        },
        { key: 'long', value: Buffer.from([0xff, 0xfe]), headers: { long: 'ab'.repeat(10_000) } },
      ];
      for (const record of written) await log.append({ topic, partition, records: [record] });
      await log.append({ topic, partition, records: written.filter(({ key }) => key !== 'large') });
      const expected = [...written, ...written.filter(({ key }) => key !== 'large')];
      const records = await readUntil(other, mark, all => all.length >= expected.length);
      for (const [index, { key, value, headers }] of expected.entries()) {
        const record = records[index]!;
        assert.equal(record.key, key);
        assert.ok(Buffer.from(record.value).equals(value), `value of record ${index}`);
        assert.deepEqual({ ...record.headers }, headers);
      }
    });

    it('does not care what the caller does with its list afterwards', async () => {
      const { log, other } = get();
      const mark = await markEnd(log, topic);
      const records = newRecords('c', 3);
      await log.append({ topic, partition, records });
      records.length = 0;
      assert.equal((await readUntil(other, mark, all => all.length >= 3)).length, 3);
    });

    it('appends to one partition all or nothing: side by side nothing is lost, and no append is torn apart', async () => {
      const { fixture, log, other } = get();
      const mark = await markEnd(log, topic);
      const logs = [log, other, await fixture.connect()];
      const appends = Array.from({ length: 60 }, (_, append) => ({
        append,
        log: logs[append % 3]!,
        count: 1 + (append % 7),
      }));
      const appended = await Promise.all(
        appends.map(({ append, log, count }) =>
          log.append({ topic, partition, records: newRecords(`d${append}`, count) }),
        ),
      );
      const total = appends.reduce((sum, { count }) => sum + count, 0);
      const records = await readUntil(log, mark, all => all.length >= total);
      assert.equal(records.length, total);
      for (const { append, count } of appends) {
        const first = records.findIndex(record => textOf(record) === `d${append} 0`);
        const run = records.slice(first, first + count);
        assert.deepEqual(
          run.map(textOf),
          newRecords(`d${append}`, count).map(({ value }) => Buffer.from(value).toString()),
        );
        assert.deepEqual(
          run.map(record => record.offset),
          appended[append]!.offsets,
        );
      }
    });

    it('keeps partitions apart', async () => {
      const { log, other } = get();
      const marks = [await markEnd(log, 'settled', 0), await markEnd(log, 'settled', 1)];
      await log.append({ topic: 'settled', partition: 1, records: [newRecord('one')] });
      await log.append({ topic: 'settled', partition: 0, records: [newRecord('zero')] });
      for (const [partition, text] of ['zero', 'one'].entries()) {
        const [record] = await readUntil(other, marks[partition]!, all => all.length > 0);
        assert.equal(textOf(record!), text);
        assert.equal(record!.partition, partition);
      }
    });
  });
}
