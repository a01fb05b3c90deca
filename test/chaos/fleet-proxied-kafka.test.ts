import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import { startFaultProxy } from '#test/support/fault-proxy/start-fault-proxy.ts';
import { startKafka } from '#test/support/services/start-kafka.ts';

describe('a broker behind the fault proxy', () => {
  it('sends its clients back through the proxy, and nobody past it', async () => {
    const proxy = await startFaultProxy({ seed: 1 });
    const broker = await startKafka({ isOwn: true, advertisedProxyPort: proxy.port });
    try {
      proxy.setTarget({ host: '127.0.0.1', port: broker.portBehindProxy ?? 0 });
      const [topic, brokers] = ['proxied', [`127.0.0.1:${proxy.port}`]];
      const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 2 } });
      const admin = kafka.admin();
      await admin.connect();
      const { brokers: told } = await admin.describeCluster();
      assert.deepEqual(
        told.map(({ port }) => port),
        [proxy.port],
      );
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
      await admin.disconnect();
      const producer = kafka.producer();
      await producer.connect();
      await producer.send({ topic, messages: [{ value: 'passes' }] });
      const passed = proxy.counts().toServer;
      assert.ok(passed > 0);
      proxy.setFaults({ refuse: true });
      proxy.resetAll();
      await assert.rejects(producer.send({ topic, messages: [{ value: 'does not' }] }));
      assert.equal(proxy.counts().toServer, passed);
      await producer.disconnect();
    } finally {
      await proxy.close();
      await broker.stop();
    }
  });
});
