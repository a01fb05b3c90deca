import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaLog } from '#adapters/kafka/kafka-log.ts';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { withAdmin } from '#adapters/kafka/with-admin.ts';
import { freshTopicPrefix, type KafkaService, startKafka } from '#test/support/services/start-kafka.ts';
import { waitUntil } from '#test/support/wait-until.ts';

const group = 'accumulator';
const topic = 'documents';
const partitions = 8;
const sessionTimeoutMs = 2_000;

describe('groups on Kafka', () => {
  let kafka: KafkaService;
  let topicPrefix: string;
  const logs: KafkaLog[] = [];
  before(async () => {
    kafka = await startKafka();
  });
  after(() => kafka?.stop());
  beforeEach(() => {
    topicPrefix = freshTopicPrefix();
  });
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.close();
  });

  async function member(): Promise<KafkaLog> {
    const options = { brokers: kafka.brokers, topicPrefix, partitions: { documents: partitions } };
    const log = await openKafkaLog({ ...options, sessionTimeoutMs });
    logs.push(log);
    return log;
  }

  const numbersOf = async (log: KafkaLog): Promise<number[]> =>
    (await log.assigned(group, topic)).map(({ partition }) => partition).toSorted((left, right) => left - right);

  /** Every partition is read by exactly one of them, and nobody has many more than another. */
  async function areShared(some: readonly KafkaLog[]): Promise<void> {
    await waitUntil('the partitions are shared', async () => {
      const lists = await Promise.all(some.map(numbersOf));
      const all = lists.flat().toSorted((left, right) => left - right);
      const sizes = lists.map(({ length }) => length);
      return all.join() === [0, 1, 2, 3, 4, 5, 6, 7].join() && Math.max(...sizes) - Math.min(...sizes) <= 1;
    });
  }

  /** A member does not hear that it was forgotten before its next heartbeat: the broker says who is one. */
  const membersAtBroker = (): Promise<string[]> =>
    withAdmin({ brokers: kafka.brokers }, async admin => {
      const { groups } = await admin.describeGroups([`${topicPrefix}.${group}`]);
      return groups.flatMap(({ members }) => members.map(({ memberId }) => memberId)).toSorted();
    });

  it('share the partitions, and those that stay with a member keep their generation', async () => {
    const first = await member();
    await areShared([first]);
    const before = await first.assigned(group, topic);
    const second = await member();
    await second.assigned(group, topic);
    await areShared([first, second]);
    const kept = await first.assigned(group, topic);
    assert.equal(kept.length, partitions / 2);
    for (const { partition, generation } of kept) {
      assert.equal(generation, before.find(each => each.partition === partition)?.generation);
    }
    const third = await member();
    await third.assigned(group, topic);
    await areShared([first, second, third]);
  });

  it('give what a member had to the others when it leaves, as something new to them', async () => {
    const [first, second] = [await member(), await member()];
    await Promise.all([first.assigned(group, topic), second.assigned(group, topic)]);
    await areShared([first, second]);
    const before = new Map((await first.assigned(group, topic)).map(each => [each.partition, each.generation]));
    await second.close();
    await areShared([first]);
    for (const { partition, generation } of await first.assigned(group, topic)) {
      if (before.has(partition)) assert.equal(generation, before.get(partition), 'it was here all the time');
      else assert.ok(![...before.values()].includes(generation), 'the position has moved meanwhile');
    }
  });

  it('a position is taken from a member, from one that has no such partition, and from who never was a member', async () => {
    const [first, second, stranger] = [await member(), await member(), await member()];
    await Promise.all([first.assigned(group, topic), second.assigned(group, topic)]);
    await areShared([first, second]);
    const [of] = await numbersOf(first);
    for (const [offset, log] of [first, second, stranger].entries()) {
      await log.commitPosition({ group, topic, partition: of as number, offset, metadata: `by ${offset}` });
      const found = await stranger.position(group, topic, of as number);
      assert.deepEqual([found?.offset, found?.metadata], [offset, `by ${offset}`]);
    }
  });

  it('a position is taken while the group gathers anew', async () => {
    const first = await member();
    await areShared([first]);
    let offset = 0;
    let isDone = false;
    const committing = (async () => {
      while (!isDone) await first.commitPosition({ group, topic, partition: 0, offset: ++offset });
    })();
    const second = await member();
    await second.assigned(group, topic);
    await areShared([first, second]);
    isDone = true;
    await committing;
    assert.equal((await second.position(group, topic, 0))?.offset, offset);
  });

  it('K1 a member that is at one record for longer than a session stays, keeps what it has, and commits behind it', async () => {
    const [first, second] = [await member(), await member()];
    await Promise.all([first.assigned(group, topic), second.assigned(group, topic)]);
    await areShared([first, second]);
    const before = await first.assigned(group, topic);
    const [{ partition } = { partition: 0 }] = before;
    const record = { key: null, value: Buffer.from('slow'), headers: {} };
    await first.append({ topic, partition, records: [record] });
    const { records } = await first.read({ topic, partition, from: 0, recordsMax: 1 });
    assert.equal(records.length, 1);
    const known = await membersAtBroker();
    assert.equal(known.length, 2);
    await sleep(3 * sessionTimeoutMs); // handled meanwhile, and nothing is asked of the log
    assert.deepEqual(await membersAtBroker(), known);
    assert.deepEqual(await first.assigned(group, topic), before);
    await first.commitPosition({ group, topic, partition, offset: 1 });
    assert.equal((await second.position(group, topic, partition))?.offset, 1);
  });

  it('fleets with other prefixes share neither partitions nor positions', async () => {
    const first = await member();
    await areShared([first]);
    await first.commitPosition({ group, topic, partition: 0, offset: 5 });
    topicPrefix = freshTopicPrefix();
    const other = await member();
    await areShared([other]);
    assert.equal(await other.position(group, topic, 0), null);
  });
});
