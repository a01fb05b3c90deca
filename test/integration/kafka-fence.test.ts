import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import kafkajs from 'kafkajs';
import type { KafkaLog } from '#adapters/kafka/kafka-log.ts';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { isFenced, markEnd, newRecord, readAllVisible, textOf } from '#test/conformance/log-fixture.ts';
import { freshTopicPrefix, type KafkaService, startKafka } from '#test/support/services/start-kafka.ts';

const results = { topic: 'results', partition: 0 } as const;

describe('fences on Kafka', () => {
  let kafka: KafkaService;
  let log: KafkaLog;
  const topicPrefix = freshTopicPrefix();
  before(async () => {
    kafka = await startKafka();
    log = await openKafkaLog({ brokers: kafka.brokers, topicPrefix });
  });
  after(async () => {
    await log?.close();
    await kafka?.stop();
  });

  /** Any other client that takes the transactional id of a shard. */
  async function otherProducer(shard: number) {
    const client = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: 0 });
    const transactionalId = `${topicPrefix}.settle-${shard}`;
    const producer = client.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    return producer;
  }

  const message = { topic: `${topicPrefix}.results.v1`, messages: [{ value: 'of a zombie', partition: 0 }] };

  it('K8 a zombie of another client is fenced: what it left open is aborted, and its commit fails', async () => {
    const mark = await markEnd(log, 'results');
    const zombie = await otherProducer(1);
    const transaction = await zombie.transaction();
    await transaction.send(message);
    const fence = await log.fence(1);
    await assert.rejects(transaction.commit(), { type: 'INVALID_PRODUCER_EPOCH' });
    await fence.send([{ ...results, records: [newRecord('of the holder')] }]);
    await fence.commit();
    assert.deepEqual((await readAllVisible(log, mark)).map(textOf), ['of the holder']);
    await zombie.disconnect();
  });

  it('K8 and is a zombie itself once another client has taken its shard, in the middle of a transaction', async () => {
    const mark = await markEnd(log, 'results');
    const fence = await log.fence(2);
    await fence.send([{ ...results, records: [newRecord('of a zombie')] }]);
    const other = await otherProducer(2);
    const transaction = await other.transaction();
    assert.ok(await isFenced(fence.send([{ ...results, records: [newRecord('late')] }])));
    assert.ok(await isFenced(fence.commit()));
    await fence.abort();
    await transaction.send(message);
    await transaction.commit();
    assert.deepEqual((await readAllVisible(log, mark)).map(textOf), ['of a zombie']);
    await other.disconnect();
  });

  it('once taken, the end of the shard is final: nothing of an earlier holder appears behind it', async () => {
    const former = await log.fence(3);
    await former.send([{ topic: 'settled', partition: 3, records: [newRecord('of the former')] }]);
    await log.fence(3);
    const end = await log.endOffset('settled', 3);
    await former.commit().catch(() => {});
    await former.abort();
    const { records, nextOffset, isAtEnd } = await log.read({
      topic: 'settled',
      partition: 3,
      from: 0,
      recordsMax: 10,
    });
    assert.deepEqual({ records, nextOffset, isAtEnd }, { records: [], nextOffset: end, isAtEnd: true });
  });

  it('readers stop before what a dead process left open, know that it is the end, and go on when the shard is taken', async () => {
    const mark = await markEnd(log, 'results');
    const dead = await otherProducer(4);
    const transaction = await dead.transaction();
    await transaction.send(message);
    const { offsets } = await log.append({ ...results, records: [newRecord('behind it')] });
    const before = await log.read({ ...mark, recordsMax: 10 });
    assert.deepEqual(before, { records: [], nextOffset: mark.from, isAtEnd: true });
    assert.ok((await log.endOffset('results', 0)) > offsets[0]!);
    const [open, ...more] = await log.openTransactions();
    assert.deepEqual(more, []);
    assert.deepEqual([open?.topic, open?.partition, open?.offset], ['results', 0, mark.from]);
    assert.ok(open!.producerId >= 0 && open!.idleMs < 60_000);
    await dead.disconnect();

    await (await log.fence(4)).abort();
    assert.deepEqual(await log.openTransactions(), []);
    assert.deepEqual((await readAllVisible(log, mark)).map(textOf), ['behind it']);
  });

  it('takes writes larger than a batch, each whole', async () => {
    const mark = await markEnd(log, 'results');
    const fence = await log.fence(5);
    const large = Array.from({ length: 5 }, (_, index) =>
      newRecord(`${index}`, { value: Buffer.alloc(8e6, 97 + index) }),
    );
    await fence.send([{ ...results, records: large }]);
    await fence.commit();
    const read = await readAllVisible(log, mark);
    assert.deepEqual(
      read.map(({ value }) => [value.length, value[0], value.at(-1)]),
      large.map(({ value }) => [value.length, value[0], value.at(-1)]),
    );
  });
});
