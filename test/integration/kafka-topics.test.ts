import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import kafkajs, { type Admin } from 'kafkajs';
import { type OpenKafkaLogOptions, openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { freshTopicPrefix, type KafkaService, startKafka } from '#test/support/services/start-kafka.ts';
import { waitUntil } from '#test/support/wait-until.ts';

const dayMs = 24 * 3_600_000;
const topicType = kafkajs.ConfigResourceTypes.TOPIC;

describe('the topics of a fleet', () => {
  let kafka: KafkaService;
  let admin: Admin;
  let topicPrefix: string;
  before(async () => {
    kafka = await startKafka();
    admin = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: 0 }).admin();
    await admin.connect();
  });
  after(async () => {
    await admin?.disconnect();
    await kafka?.stop();
  });
  beforeEach(() => {
    topicPrefix = freshTopicPrefix();
  });

  const open = (options: Partial<OpenKafkaLogOptions> = {}) =>
    openKafkaLog({ brokers: kafka.brokers, topicPrefix, partitions: { documents: 1 }, ...options });

  async function openAndClose(options: Partial<OpenKafkaLogOptions> = {}): Promise<void> {
    await (await open(options)).close();
  }

  async function settingsOf(topic: string): Promise<Record<string, string>> {
    const resources = [{ type: topicType, name: topic }];
    const { resources: found } = await admin.describeConfigs({ resources, includeSynonyms: false });
    return Object.fromEntries(found[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  }

  /** Changes one setting of a topic, as an operator does. */
  const alter = async (topic: string, name: string, value: string): Promise<void> => {
    const before = await settingsOf(topic);
    const kept = ['cleanup.policy', 'retention.ms', 'max.message.bytes', 'message.timestamp.type'];
    const configEntries = kept.map(key => ({ name: key, value: before[key]! })).filter(entry => entry.name !== name);
    configEntries.push({ name, value });
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: topicType, name: topic, configEntries }] });
    await waitUntil('the broker has heard of it', async () => (await settingsOf(topic))[name] === value);
  };

  async function refusal(options: Partial<OpenKafkaLogOptions> = {}): Promise<FlotillaError> {
    const error = await open(options).then(
      log => log.close(),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof FlotillaError, 'it was opened');
    return error;
  }

  it('are made as the protocol needs them, once, whoever comes first', async () => {
    await Promise.all([openAndClose(), openAndClose(), openAndClose()]);
    const names = (await admin.listTopics()).filter(name => name.startsWith(topicPrefix));
    const { topics } = await admin.fetchTopicMetadata({ topics: names });
    const partitions = Object.fromEntries(
      topics.map(topic => [topic.name.slice(topicPrefix.length), topic.partitions.length]),
    );
    assert.deepEqual(partitions, {
      '.documents.v1': 1,
      '.results.v1': 8,
      '.dead-letters.v1': 8,
      '.journal.v1': 1,
      '.settled.v1': 32,
      '.recipes.v1': 1,
    });
    const journal = await settingsOf(`${topicPrefix}.journal.v1`);
    assert.equal(journal['message.timestamp.type'], 'LogAppendTime');
    assert.equal(journal['cleanup.policy'], 'delete');
    assert.equal(journal['retention.ms'], '-1');
    assert.equal((await settingsOf(`${topicPrefix}.recipes.v1`))['cleanup.policy'], 'compact');
  });

  it('have any name for documents, and as many partitions as somebody gave them', async () => {
    const documentsTopic = `${topicPrefix}-somebody-elses`;
    await admin.createTopics({
      topics: [
        { topic: documentsTopic, numPartitions: 3, configEntries: [{ name: 'max.message.bytes', value: '2000000' }] },
      ],
      waitForLeaders: false,
    });
    const log = await open({ documentsTopic });
    assert.equal(log.partitions('documents'), 3);
    const { offsets, at } = await log.append({
      topic: 'documents',
      partition: 2,
      records: [{ key: null, value: Buffer.from('{}'), headers: {} }],
    });
    assert.deepEqual(offsets, [0]);
    assert.ok(Math.abs(at - Date.now()) < 60_000, 'where producers give the time, ours is told');
    await log.close();
  });

  for (const [topic, setting, value, why] of [
    ['journal', 'message.timestamp.type', 'CreateTime', /its times are those of whoever writes/],
    ['recipes', 'cleanup.policy', 'delete', /its cleanup.policy is delete/],
    ['settled', 'cleanup.policy', 'compact,delete', /its cleanup.policy is compact,delete/],
    ['results', 'max.message.bytes', '1048588', /less than its largest record takes/],
    ['journal', 'retention.bytes', '1000000', /cut by size/],
    ['journal', 'retention.ms', String(21 * dayMs), /its records go after 21 days/],
    ['settled', 'retention.ms', String(90 * dayMs), /its records go after 90 days/],
  ] as const) {
    it(`are refused when ${topic} has ${setting}=${value}`, async () => {
      await openAndClose();
      await alter(`${topicPrefix}.${topic}.v1`, setting, value);
      const error = await refusal();
      assert.equal(error.code, 'topic-unfit');
      assert.match(error.why, why);
      assert.match(`${error.where} ${error.fix}`, new RegExp(`${topicPrefix}.${topic}.v1`));
    });
  }

  it('are refused when settled was made with another number of partitions', async () => {
    await admin.createTopics({
      topics: [{ topic: `${topicPrefix}.settled.v1`, numPartitions: 16 }],
      waitForLeaders: false,
    });
    assert.match((await refusal()).why, /it has 16 partitions, and has to have 32 for ever/);
  });

  it('are not made where they are not ours to make', async () => {
    const error = await refusal({ mayCreateTopics: false });
    assert.equal(error.code, 'topic-unfit');
    assert.match(error.why, /not ours to create/);
    assert.deepEqual(
      (await admin.listTopics()).filter(name => name.startsWith(topicPrefix)),
      [],
    );
  });

  it('a record above the limit of its topic is refused as such, and what came with it is written', async () => {
    const log = await open();
    const record = (size: number) => ({ key: null, value: Buffer.alloc(size), headers: {} });
    const append = (size: number) => log.append({ topic: 'documents', partition: 0, records: [record(size)] });
    const [small, large] = await Promise.allSettled([append(10), append(5 * 1024 * 1024)]);
    assert.equal(small.status, 'fulfilled');
    assert.equal(large.status === 'rejected' && (large.reason as FlotillaError).code, 'record-too-large');
    assert.deepEqual((await append(20)).offsets, [1]);
    await log.close();
  });

  it('an append of more than a batch is all or nothing too', async () => {
    const log = await open();
    const records = Array.from({ length: 12 }, (_, index) => ({
      key: `${index}`,
      value: Buffer.alloc(1024 * 1024 - 100, index),
      headers: {},
    }));
    const { offsets } = await log.append({ topic: 'documents', partition: 0, records });
    assert.deepEqual(offsets, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const found = await log.readAt({ topic: 'documents', partition: 0, offsets });
    assert.deepEqual(
      found.map(record => record?.key),
      records.map(({ key }) => key),
    );
    await log.close();
  });

  it('brokers that are not there are said to be so', async () => {
    const error = await refusal({ brokers: ['127.0.0.1:1'] });
    assert.equal(error.code, 'log-unavailable');
    assert.equal(error.where, '127.0.0.1:1');
    assert.match(error.why, /ECONNREFUSED/);
  });
});
