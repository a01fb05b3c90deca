import assert from 'node:assert/strict';
import { it } from 'node:test';
import kafkajs from 'kafkajs';
import { headerNames } from '#core/headers.ts';
import { freshTopicPrefix, startKafka } from '#test/support/services/start-kafka.ts';
import { waitUntil } from '#test/support/wait-until.ts';
import { FleetResults } from './fleet-results.ts';
import { traceCopies } from './fleet-segments.ts';

it('K9 copies of an answer that a broker shows are found, compared, and traced to the producers that wrote them', async test => {
  const kafka = await startKafka({ isOwn: true });
  const client = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: 0 });
  const prefix = freshTopicPrefix();
  const topic = (name: string): string => `${prefix}.${name}.v1`;
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: topic('results'), numPartitions: 1 }] });
  await admin.disconnect();
  const results = new FleetResults({ kafka: client, topic: topic('results') });
  await results.start();
  // In this order: a client whose broker is gone would look for it for long.
  test.after(async () => {
    await results.stop();
    await kafka.stop();
  });

  const answer = (rid: string, output: string) => {
    const [partition, offset] = rid.split('/');
    const value = JSON.stringify({ custom_id: `d${offset}`, rid, outcome: 'succeeded', output });
    return { key: `d${partition}`, value, headers: { [headerNames.rid]: rid } };
  };
  const writtenBy = async (id: string, messages: ReturnType<typeof answer>[]): Promise<void> => {
    const producer = client.producer({ transactionalId: `${prefix}.${id}`, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: topic('results'), messages });
    await transaction.commit();
    await producer.disconnect();
  };
  await writtenBy('settle-1', [answer('0/1', 'one'), answer('0/2', 'two')]);
  await writtenBy('settle-1', [answer('0/1', 'one')]); // the same shard, a later epoch
  await writtenBy('settle-2', [answer('0/2', 'another')]);
  await waitUntil('both copies are seen', () => results.copies.length === 2, { withinMs: 30_000 });

  const [same, other] = traceCopies({ results, kafka, topic });
  assert.deepEqual([same?.rid, same?.isIdentical, other?.rid, other?.isIdentical], ['0/1', true, '0/2', false]);
  const [before, after] = same?.producers ?? [];
  assert.equal(before?.producerId, after?.producerId);
  assert.ok((after?.epoch ?? 0) > (before?.epoch ?? 0), 'a later epoch of the same producer');
  const [first, second] = other?.producers ?? [];
  assert.notEqual(first?.producerId, second?.producerId);
  assert.equal(results.answered, 2, 'the first of each is what a reader shows');
});
