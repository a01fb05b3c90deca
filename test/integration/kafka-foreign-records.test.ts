import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import createSnappy from 'kafkajs-snappy';
import { compressFrame } from 'lz4-napi';
import type { KafkaLog } from '#adapters/kafka/kafka-log.ts';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { unreadableHeader } from '#adapters/kafka/span.ts';
import type { LogRecord } from '#ports/log.ts';
import { readUntil, textOf } from '#test/conformance/log-fixture.ts';
import { ensurePrograms } from '#test/support/services/service-chain.ts';
import { freshTopicPrefix, type KafkaService, startKafka } from '#test/support/services/start-kafka.ts';

const { CompressionCodecs, CompressionTypes, Kafka } = kafkajs;
const batchBytesMax = 8 * 1024 * 1024;
const bombBytes = 24 * 1024 * 1024;

/** Codecs that the tests compress with: kafkajs has gzip alone, and this process reads by no other way than the adapter's. */
const compressors = {
  [CompressionTypes.Snappy]: async (bytes: Buffer) => createSnappy().compress({ buffer: bytes }),
  [CompressionTypes.LZ4]: (bytes: Buffer) => compressFrame(bytes),
  [CompressionTypes.ZSTD]: async (bytes: Buffer) => zstdCompressSync(bytes),
};
for (const [type, compress] of Object.entries(compressors)) {
  const codec = { compress: (encoder: { buffer: Buffer }) => compress(encoder.buffer), decompress: async () => null };
  CompressionCodecs[Number(type) as 2 | 3 | 4] = () => codec;
}

describe('records that others write to the documents topic', () => {
  let kafka: KafkaService;
  let log: KafkaLog;
  let topic: string;
  const notes: { event: string; fields: unknown }[] = [];
  before(async () => {
    ensurePrograms(['kcat'], ['kcat']);
    kafka = await startKafka();
    const topicPrefix = freshTopicPrefix();
    topic = `${topicPrefix}.documents.v1`;
    log = await openKafkaLog({
      brokers: kafka.brokers,
      topicPrefix,
      partitions: { documents: 1 },
      batchBytesMax,
      note: (_level, event, fields) => notes.push({ event, fields }),
    });
  });
  after(async () => {
    await log?.close();
    await kafka?.stop();
  });

  /** @param lines one record each */
  async function kcat(lines: readonly string[], ...more: string[]): Promise<void> {
    const child = spawn('kcat', ['-P', '-b', kafka.brokers.join(','), '-t', topic, '-p', '0', ...more], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.stdin.end(`${lines.join('\n')}\n`);
    const [code] = await once(child, 'close');
    assert.equal(code, 0);
  }

  async function readNew(from: number, count: number): Promise<LogRecord[]> {
    return readUntil(log, { topic: 'documents', partition: 0, from }, all => all.length >= count);
  }

  const end = (): Promise<number> => log.endOffset('documents', 0);

  it('reads a bare line, without key and header', async () => {
    const from = await end();
    await kcat(['{"custom_id":"bare"}']);
    const [record] = await readNew(from, 1);
    assert.equal(textOf(record!), '{"custom_id":"bare"}');
    assert.equal(record!.key, null);
    assert.deepEqual({ ...record!.headers }, {});
    assert.ok(Math.abs(record!.at - Date.now()) < 60_000);
  });

  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    it(`reads what was compressed by ${codec}, and keeps keys and headers`, async () => {
      const from = await end();
      const lines = Array.from(
        { length: 2_000 },
        (_, index) => `key-${index}:{"text":"${`${codec} `.repeat(20)}${index}"}`,
      );
      await kcat(lines, '-z', codec, '-K', ':', '-H', 'run=7', '-H', 'run=8', '-X', 'linger.ms=100');
      const records = await readNew(from, lines.length);
      assert.equal(records.length, lines.length);
      for (const [index, record] of records.entries()) {
        assert.equal(`${record.key}:${textOf(record)}`, lines[index]);
        assert.deepEqual({ ...record.headers }, { run: '8' }, 'of several headers with one name the last one counts');
      }
    });
  }

  it('takes what a record lacks for nothing: a tombstone, a header without text, a key that is no UTF-8', async () => {
    const from = await end();
    await kcat(['key:'], '-K', ':', '-Z', '-H', 'none', '-H', '__proto__=odd');
    const producer = new Kafka({ brokers: kafka.brokers, logLevel: 0 }).producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ key: Buffer.from([0xff, 0xfe]), value: null }] });
    await producer.disconnect();
    const [first, second] = await readNew(from, 2);
    assert.deepEqual([first!.key, first!.value.length, first!.headers.none], ['key', 0, '']);
    assert.equal(Object.getPrototypeOf(first!.headers), Object.prototype);
    assert.deepEqual([second!.key, second!.value.length], ['\uFFFD\uFFFD', 0]);
  });

  for (const [name, compression] of Object.entries({
    gzip: CompressionTypes.GZIP,
    snappy: CompressionTypes.Snappy,
    lz4: CompressionTypes.LZ4,
    zstd: CompressionTypes.ZSTD,
  })) {
    it(`K6 a batch that ${name} would blow up is a reject for each of its records, and the partition goes on`, async () => {
      const from = await end();
      const producer = new Kafka({ brokers: kafka.brokers, logLevel: 0 }).producer();
      await producer.connect();
      const messages = [{ value: 'before' }, { value: Buffer.alloc(bombBytes) }, { value: 'after' }];
      await producer.send({ topic, messages, compression });
      await producer.send({ topic, messages: [{ value: 'next' }] });
      await producer.disconnect();

      const records = await readNew(from, 4);
      assert.deepEqual(
        records.map(record => record.headers[unreadableHeader] ?? textOf(record)),
        ['too-large', 'too-large', 'too-large', 'next'],
      );
      assert.deepEqual(
        records.map(({ offset }) => offset),
        [0, 1, 2, 3].map(index => from + index),
      );
      const [again] = await log.readAt({ topic: 'documents', partition: 0, offsets: [from + 1] });
      assert.equal(again!.headers[unreadableHeader], 'too-large');
      const fields = { topic, partition: 0, base: from, next: from + 3, why: 'too-large' };
      assert.deepEqual(notes.findLast(({ event }) => event === 'records-unreadable')?.fields, fields);
    });
  }

  it('reads from the middle of a compressed batch, and single records of it', async () => {
    const from = await end();
    const lines = Array.from({ length: 500 }, (_, index) => `{"n":${index},"pad":"${'p'.repeat(50)}"}`);
    await kcat(lines, '-z', 'zstd', '-X', 'linger.ms=200');
    await readNew(from, 500);
    const other = await openKafkaLog({
      brokers: kafka.brokers,
      topicPrefix: topic.replace('.documents.v1', ''),
      partitions: { documents: 1 },
    });
    try {
      const { records } = await other.read({ topic: 'documents', partition: 0, from: from + 250, recordsMax: 10 });
      assert.deepEqual(records.map(textOf), lines.slice(250, 260));
      const offsets = [from + 499, from + 3, from + 1_000_000];
      const single = await other.readAt({ topic: 'documents', partition: 0, offsets });
      assert.deepEqual(
        single.map(record => record && textOf(record)),
        [lines[499], lines[3], null],
      );
    } finally {
      await other.close();
    }
  });
});
