import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import kafkajs, { type Admin } from 'kafkajs';
import type { KafkaLog } from '#adapters/kafka/kafka-log.ts';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { newRecords } from '#test/conformance/log-fixture.ts';
import { freshTopicPrefix, type KafkaService, startKafka } from '#test/support/services/start-kafka.ts';
import { waitUntil } from '#test/support/wait-until.ts';

const documents = { topic: 'documents', partition: 0 } as const;
const group = 'accumulator';

describe('documents that were deleted and made again while they are read', () => {
  const topicPrefix = freshTopicPrefix();
  const name = `${topicPrefix}.documents.v1`;
  let kafka: KafkaService;
  let admin: Admin;
  let log: KafkaLog;
  const open = (): Promise<KafkaLog> =>
    openKafkaLog({ brokers: kafka.brokers, topicPrefix, partitions: { documents: 1 } });
  before(async () => {
    kafka = await startKafka();
    admin = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: 0 }).admin();
    await admin.connect();
    log = await open();
  });
  after(async () => {
    await log?.close();
    await admin?.disconnect();
    await kafka?.stop();
  });

  /** As an operator does who wants to be rid of what is in it. */
  async function recreate(): Promise<void> {
    await admin.deleteTopics({ topics: [name] });
    await waitUntil('the topic is gone', async () => !(await admin.listTopics()).includes(name));
    await (await open()).close();
  }

  it('are not skipped in silence up to where reading had come: who reads there is told', async () => {
    await log.append({ ...documents, records: newRecords('old', 5) });
    await log.commitPosition({ ...documents, group, offset: 5 });
    assert.equal((await log.read({ ...documents, from: 5, recordsMax: 10 })).isAtEnd, true);
    await recreate();
    await waitUntil('its end is known', async () => (await log.endOffset('documents', 0)) === 0);
    await log.append({ ...documents, records: newRecords('new', 2) });
    await assert.rejects(log.read({ ...documents, from: 5, recordsMax: 10 }), {
      code: 'log-recreated',
      where: `${name}/0`,
      why: 'reading has come to offset 5, and it ends at 2',
    });
  });
});
