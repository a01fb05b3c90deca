import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import kafkajs from 'kafkajs';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { headerNames } from '#core/headers.ts';
import { startFleet, type TestFleet } from '#test/support/fleet-harness.ts';
import { copyDocument } from '#test/support/make-project.ts';

/** More than a worker unpacks of one batch, and 70 kB on the way. */
const bombBytes = 70 * 1024 * 1024;
const code = 'batch-unpacks-too-large';

describe('K6 a fleet that is sent a decompression bomb', () => {
  let fleet: TestFleet;
  before(async () => {
    fleet = await startFleet({ workers: [{}] });
    await fleet.ready();
  });
  after(() => fleet?.stop());

  it('rejects the records of its batch, each by itself, and answers every other document of the partition', async () => {
    const { kafka, topicPrefix } = fleet;
    const topic = `${topicPrefix}.documents.v1`;
    const good = (prefix: string): { value: string; partition: number }[] =>
      Array.from({ length: 20 }, (_, index) => ({
        value: JSON.stringify({ ...copyDocument(`${prefix}${index}`), task: 'copy' }),
        partition: 0,
      }));
    const producer = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: 0 }).producer();
    await producer.connect();
    const compression = kafkajs.CompressionTypes.GZIP;
    await producer.send({ topic, messages: good('before'), compression });
    const [beside] = good('beside');
    const bomb = { value: Buffer.alloc(bombBytes), partition: 0 };
    await producer.send({ topic, messages: [beside!, bomb, beside!], compression });
    await producer.send({ topic, messages: good('after'), compression });
    await producer.disconnect();

    const answers = await fleet.waitForResults(43);
    const rejected = answers.filter(({ outcome }) => outcome !== 'succeeded');
    assert.deepEqual(rejected.map(({ rid, outcome }) => `${rid} ${outcome}`).sort(), [
      '0/20 rejected',
      '0/21 rejected',
      '0/22 rejected',
    ]);
    const log = await openKafkaLog({ brokers: kafka.brokers, topicPrefix, clientId: 'test-letters' });
    try {
      const all = await Promise.all(
        Array.from({ length: log.partitions('dead-letters') }, (_, partition) =>
          log.read({ topic: 'dead-letters', partition, from: 0, recordsMax: 100 }),
        ),
      );
      const letters = all.flatMap(({ records }) => records);
      assert.equal(letters.length, 3);
      for (const { headers, value } of letters) {
        assert.equal(headers[headerNames.reason], code);
        assert.equal(headers[headerNames.where], 'compressed batch');
        assert.match(headers[headerNames.message] ?? '', /unpack to more than 64 MiB/);
        assert.equal(value.length, 0);
      }
    } finally {
      await log.close();
    }
    const { verdict, figures, text } = await fleet.audit();
    assert.equal(verdict, 'clean', text);
    assert.equal(figures.deadLettered, 3);
    assert.equal(fleet.invoice().length, 40);
  });
});
