import type { KafkaLog } from '#adapters/kafka/kafka-log.ts';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { freshTopicPrefix, startKafka } from '#test/support/services/start-kafka.ts';
import { describeLog } from './log.ts';
import type { LogFixture } from './log-fixture.ts';

/** Each connection has sockets, producers and groups of its own, as those of another process would. */
async function makeKafkaLog(): Promise<LogFixture> {
  const kafka = await startKafka();
  const topicPrefix = freshTopicPrefix();
  const logs: KafkaLog[] = [];
  return {
    async connect() {
      const log = await openKafkaLog({ brokers: kafka.brokers, topicPrefix, partitions: { documents: 2 } });
      logs.push(log);
      return log;
    },
    holdsOffsets: true,
    async close() {
      for (const log of logs) await log.close();
      await kafka.stop();
    },
  };
}

/** K5: whatever client speaks to Kafka, this suite is what it has to pass. */
describeLog('Kafka', makeKafkaLog);
