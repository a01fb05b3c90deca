import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import kafkajs, { type Admin, type Producer } from 'kafkajs';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { topicSettings } from '#adapters/kafka/topic-commands.ts';
import { planTopics } from '#adapters/kafka/topic-plan.ts';
import { encodeJournal } from '#contracts/journal-codec.ts';
import { type RunningSimulator, startSimulator } from '#services/simulator/service.ts';
import { freshTopicPrefix, type KafkaService, startKafka } from '#test/support/services/start-kafka.ts';
import { type RedisService, startRedis } from '#test/support/services/start-redis.ts';
import { runFlotilla } from '#test/support/spawn-flotilla.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';

interface Check {
  name: string;
  isOk: boolean;
  found: string;
  where: string | null;
  why: string | null;
  fix: string | null;
}

describe('flotilla doctor on the servers of a fleet', () => {
  const topicPrefix = freshTopicPrefix();
  const folder = makeTemporaryFolder('doctor');
  const closing: (() => unknown)[] = [() => folder.remove()];
  let kafka: KafkaService;
  let redis: RedisService;
  let simulator: RunningSimulator;
  let admin: Admin;
  before(async () => {
    kafka = await startKafka();
    closing.push(() => kafka.stop());
    redis = await startRedis({ settings: { maxmemory: '64mb' } });
    closing.push(() => redis.stop());
    simulator = await startSimulator({ timeScale: 1_000 });
    closing.push(() => simulator.close());
    admin = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: 0 }).admin();
    await admin.connect();
    closing.push(() => admin.disconnect());
  });
  after(async () => {
    for (const close of closing.reverse()) await close();
  });

  async function doctor(env: Record<string, string> = {}) {
    const servers = {
      FLOTILLA_KAFKA_BROKERS: kafka.brokers.join(','),
      FLOTILLA_REDIS_URL: redis.url,
      FLOTILLA_TOPIC_PREFIX: topicPrefix,
      ANTHROPIC_API_KEY: 'sk-ant-simulated',
      ANTHROPIC_BASE_URL: simulator.baseUrl,
    };
    const run = { cwd: folder.path, env: { ...servers, ...env } };
    const { stdout, stderr, code } = await runFlotilla({ ...run, args: ['doctor', '--json'] });
    const { checks } = JSON.parse(stdout || `{"checks":[]}${stderr}`) as { checks: Check[] };
    const of = (name: string): Check[] => checks.filter(check => check.name === name);
    return { code, of, faults: checks.filter(({ isOk }) => !isOk).map(({ name }) => name) };
  }

  const makeTopics = async (): Promise<void> =>
    (await openKafkaLog({ brokers: kafka.brokers, topicPrefix, partitions: { results: 3 } })).close();

  /** Times of a topic as its writers give them, or as the log does. */
  async function setTimestampType(name: string, type: 'CreateTime' | 'LogAppendTime'): Promise<void> {
    const plan = planTopics({ topicPrefix }).find(each => each.name === name)!;
    const entries = topicSettings(plan).map(([setting, value]) => ({
      name: setting,
      value: setting === 'message.timestamp.type' ? type : String(value),
    }));
    const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries: entries }];
    await admin.alterConfigs({ validateOnly: false, resources });
  }

  it('says where the brokers are, and that a first worker makes the topics', async () => {
    const { of, faults } = await doctor();
    assert.deepEqual(faults, []);
    assert.match(of('kafka')[0]?.found ?? '', new RegExp(`^1 broker: \\d+ .*:${kafka.brokers[0]!.split(':')[1]}`));
    assert.match(of('topics')[0]?.found ?? '', /none yet .*the first worker makes them/);
    assert.match(of('redis')[0]?.found ?? '', /maxmemory-policy noeviction/);
    assert.match(of('memory')[0]?.found ?? '', /^\d+ % of Redis's maxmemory/);
  });

  it('finds a new fleet well: topics, what is kept, no lag, no open transaction', async () => {
    await makeTopics();
    const { code, of, faults } = await doctor();
    assert.deepEqual([code, faults], [0, []]);
    assert.match(of('owner')[0]?.found ?? '', /, pinned by the first look$/);
    assert.ok(of('topics')[0]?.found.includes(`${topicPrefix}.results.v1 (3)`));
    assert.match(of('kept')[0]?.found ?? '', /journal.* for ever; .*documents 14 days/);
    assert.match(of('lag')[0]?.found ?? '', /^none: group .*\.accumulator on .*\.documents\.v1/);
    assert.equal(of('open')[0]?.found, 'no transaction');
  });

  it('C25 tells a key that belongs to another owner than the log has pinned', async () => {
    const prefix = freshTopicPrefix();
    const log = await openKafkaLog({ brokers: kafka.brokers, topicPrefix: prefix });
    const pin = { kind: 'ACCOUNT', account: 'anthropic', provider: 'anthropic', baseUrl: simulator.baseUrl } as const;
    const value = encodeJournal({ ...pin, owner: 'org:another' });
    await log.append({ topic: 'journal', partition: 0, records: [{ key: null, value, headers: {} }] });
    await log.close();
    const { code, of, faults } = await doctor({ FLOTILLA_TOPIC_PREFIX: prefix });
    assert.deepEqual([code, faults], [6, ['owner']]);
    assert.match(of('owner')[0]?.why ?? '', /the log has org:another at http/);
  });

  it('tells a lag that nobody works off', async () => {
    const log = await openKafkaLog({ brokers: kafka.brokers, topicPrefix });
    const records = ['a', 'b', 'c'].map(text => ({ key: null, value: Buffer.from(text), headers: {} }));
    await log.append({ topic: 'documents', partition: 2, records });
    const { code, of, faults } = await doctor();
    assert.deepEqual([code, faults], [5, ['lag']]);
    assert.equal(of('lag')[0]?.found, '3 offsets behind, most in partition 2 (3)');
    assert.deepEqual(
      [of('lag')[0]?.why, of('lag')[0]?.where],
      ['no accumulator is running', `group ${topicPrefix}.accumulator on ${topicPrefix}.documents.v1`],
    );
    await log.commitPosition({ group: 'accumulator', topic: 'documents', partition: 2, offset: 3 });
    await log.close();
    assert.deepEqual((await doctor()).faults, []);
  });

  it('K8 names a transaction that hangs: topic, partition, offset, producer id, and the command that ends it', async () => {
    const name = `${topicPrefix}.results.v1`;
    const client = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: 0 });
    const open = async (id: string, timestamp?: number): Promise<Producer> => {
      const producer = client.producer({
        transactionalId: id,
        idempotent: true,
        maxInFlightRequests: 1,
        transactionTimeout: 600_000,
      });
      await producer.connect();
      const transaction = await producer.transaction();
      const messages = [{ value: 'before', partition: 1, ...(timestamp ? { timestamp: `${timestamp}` } : {}) }];
      await transaction.send({ topic: name, messages });
      closing.push(() => producer.disconnect());
      return producer;
    };
    const log = await openKafkaLog({ brokers: kafka.brokers, topicPrefix });
    await log.append({
      topic: 'results',
      partition: 1,
      records: [{ key: null, value: Buffer.from('1'), headers: {} }],
    });
    await open('young');
    const young = await doctor();
    assert.deepEqual(young.faults, []);
    assert.match(
      young.of('open')[0]?.found ?? '',
      /^1 transaction: .*\.results\.v1 partition 1 offset 1 of producer \d+/,
    );

    // A broker believes the times of a topic that takes them from its writers: no need to wait for a minute.
    await setTimestampType(name, 'CreateTime');
    await open('old', Date.now() - 90_000);
    await setTimestampType(name, 'LogAppendTime');
    await log.append({
      topic: 'results',
      partition: 1,
      records: [{ key: null, value: Buffer.from('2'), headers: {} }],
    });
    const old = (await log.openTransactions()).find(({ idleMs }) => idleMs > 60_000)!;
    const { code, of, faults } = await doctor();
    assert.deepEqual([code, faults], [5, ['open']]);
    const [found] = of('open');
    assert.deepEqual([found?.found, found?.where], ['a transaction hangs', `${name} partition 1 offset 2`]);
    assert.match(
      found?.why ?? '',
      new RegExp(`^of producer ${old.producerId}, epoch 0, silent for (89|9\\d|1\\d\\d) s; `),
    );
    assert.match(found?.why ?? '', /readers of committed records stand before it, and miss 2 offsets$/);
    const where = `--topic ${name} --partition 1 --start-offset 2`;
    assert.equal(found?.fix, `kafka-transactions.sh --bootstrap-server ${kafka.brokers[0]} abort ${where}`);
    await log.close();
    // Whoever takes the id ends what was left open under it.
    for (const id of ['young', 'old']) {
      const heir = client.producer({ transactionalId: id, idempotent: true, maxInFlightRequests: 1 });
      await heir.connect();
      await (await heir.transaction()).abort();
      await heir.disconnect();
    }
    assert.deepEqual((await doctor()).faults, []);
  });

  it('names every topic that is not as it must be', async () => {
    await setTimestampType(`${topicPrefix}.journal.v1`, 'CreateTime');
    await setTimestampType(`${topicPrefix}.settled.v1`, 'CreateTime');
    const { code, of, faults } = await doctor();
    assert.deepEqual([code, faults], [2, ['topics', 'topics']]);
    assert.deepEqual(
      of('topics').map(({ where }) => where),
      ['journal', 'settled'].map(topic => `topic ${topicPrefix}.${topic}.v1`),
    );
    for (const { why, fix } of of('topics')) {
      assert.match(why ?? '', /whoever writes/);
      assert.match(fix ?? '', /message\.timestamp\.type=LogAppendTime/);
    }
    for (const topic of ['journal', 'settled']) await setTimestampType(`${topicPrefix}.${topic}.v1`, 'LogAppendTime');
  });

  it('warns when Redis is more than 70 % full, and ends well all the same', async () => {
    const client = new Redis(redis.url);
    closing.push(() => client.disconnect());
    await client.setrange('ballast', 48 * 1024 * 1024, 'x');
    const { of, faults } = await doctor();
    assert.deepEqual(faults, []);
    const [memory] = of('memory');
    assert.equal(memory?.isOk, true);
    assert.match(memory?.found ?? '', /^(7[1-9]|8\d) % of Redis/);
    assert.match(memory?.fix ?? '', /raise maxmemory/);
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const unfit = await doctor();
    assert.deepEqual([unfit.code, unfit.faults], [5, ['redis']]);
    assert.match(unfit.of('redis')[0]?.fix ?? '', /noeviction/);
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    await client.flushall();
  });

  it('says which of them is away', async () => {
    const { code, of, faults } = await doctor({
      FLOTILLA_KAFKA_BROKERS: '127.0.0.1:1',
      FLOTILLA_REDIS_URL: 'redis://127.0.0.1:1',
    });
    assert.deepEqual([code, faults], [5, ['kafka', 'redis']]);
    assert.match(`${of('kafka')[0]?.where}`, /127\.0\.0\.1:1/);
    assert.match(`${of('redis')[0]?.where}`, /127\.0\.0\.1:1/);
  });

  it('T19 refuses to speak with servers beyond this machine in the clear', async () => {
    const { code, of, faults } = await doctor({ FLOTILLA_KAFKA_BROKERS: 'kafka.invalid:9092' });
    assert.deepEqual([code, faults], [7, ['fleet']]);
    assert.match(of('fleet')[0]?.why ?? '', /without TLS and without credentials/);
    assert.match(of('fleet')[0]?.fix ?? '', /FLOTILLA_INSECURE_OK=true/);
    const allowed = await doctor({ FLOTILLA_KAFKA_BROKERS: 'kafka.invalid:9092', FLOTILLA_INSECURE_OK: '1' });
    assert.deepEqual([allowed.code, allowed.faults], [5, ['kafka']]);
    writeFileSync(join(folder.path, 'flotilla.config.ts'), 'export default { version: 1 };\n');
    const worker = await runFlotilla({
      args: ['worker', '--port', '0'],
      cwd: folder.path,
      env: { FLOTILLA_KAFKA_BROKERS: '127.0.0.1:9092', FLOTILLA_REDIS_URL: 'redis://redis.invalid:6379' },
    });
    assert.equal(worker.code, 7);
    assert.match(worker.stderr, /insecure connection\n +where: redis\.url: redis\.invalid:6379/);
  });
});
