import { lonelySettings } from './local-kafka.ts';
import type { KafkaService } from './start-kafka.ts';

const image = 'confluentinc/cp-kafka:8.1.0';
const portInside = 9093;

/** As the image takes a broker's settings: `KAFKA_AUTO_CREATE_TOPICS_ENABLE`. */
export const lonelyEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(lonelySettings).map(([name, value]) => [
    `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`,
    String(value),
  ]),
);

/** A broker in a container. Tests that end a broker or start it again want a process of this machine instead. */
export async function startDockerKafka(): Promise<KafkaService> {
  const { KafkaContainer } = await import('@testcontainers/kafka');
  const container = await new KafkaContainer(image).withKraft().withEnvironment(lonelyEnvironment).start();
  // Started again it would have another port, and its clients the old one.
  const refuse = async (): Promise<never> => {
    throw new Error(
      'a container is neither ended nor started again: start a broker of this machine with { isOwn: true }',
    );
  };
  return {
    brokers: [`${container.getHost()}:${container.getMappedPort(portInside)}`],
    pid: null,
    dataFolder: null,
    kill: refuse,
    restart: refuse,
    stop: async () => {
      await container.stop();
    },
  };
}
