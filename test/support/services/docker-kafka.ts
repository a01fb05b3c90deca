import type { KafkaService } from './start-kafka.ts';

const image = 'confluentinc/cp-kafka:8.1.0';
const portInside = 9093;

/** A broker in a container. It can be stopped and restarted; chaos tests want a process of this machine instead. */
export async function startDockerKafka(): Promise<KafkaService> {
  const { KafkaContainer } = await import('@testcontainers/kafka');
  const container = await new KafkaContainer(image)
    .withKraft()
    .withEnvironment({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false', KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0' })
    .start();
  return {
    brokers: [`${container.getHost()}:${container.getMappedPort(portInside)}`],
    pid: null,
    dataFolder: null,
    kill: async () => {
      throw new Error('a container is not killed by a signal: start a broker of this machine with { isOwn: true }');
    },
    restart: () => container.restart(),
    stop: async () => {
      await container.stop();
    },
  };
}
