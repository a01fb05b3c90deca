import { startDockerKafka } from './docker-kafka.ts';
import { startLocalKafka } from './local-kafka.ts';
import { startByChain } from './service-chain.ts';

export interface StartKafkaOptions {
  /** A broker that this test may kill: a process of this machine, whatever the environment offers. */
  isOwn?: boolean;
  /**
   * How long a killed broker's registration is kept. 2,000 ms where only speed matters; 6,000 for kills under load, below
   * which open transactions were torn.
   */
  brokerSessionTimeoutMs?: number;
  /** Port of a proxy on loopback: a second listener tells the clients that come through it to come back the same way. */
  advertisedProxyPort?: number;
  /** More of a local broker's `server.properties`, by the ports it has been given. */
  properties?: BrokerSettings | ((ports: { port: number; controllerPort: number }) => BrokerSettings);
}

export type BrokerSettings = Readonly<Record<string, string | number>>;

export interface KafkaService {
  brokers: string[];
  /** Where that proxy leads to. */
  portBehindProxy?: number;
  /** Null where it is no process of ours. */
  pid: number | null;
  /** Where a local broker keeps its segments. */
  dataFolder: string | null;
  /** Resolves when the process is gone; its folder stays. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it on the same folder and ports, ending it in order first if it runs; resolves when it answers. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A real Kafka for one test file: `FLOTILLA_KAFKA_BROKERS`, else Docker, else a broker run by Java. */
export async function startKafka(options: StartKafkaOptions = {}): Promise<KafkaService> {
  if (options.isOwn) return startLocalKafka(options);
  return startByChain({
    fromEnvironment: () => givenKafka(process.env.FLOTILLA_KAFKA_BROKERS),
    fromDocker: startDockerKafka,
    fromPrograms: () => startLocalKafka(options),
  });
}

/** Keeps the topics of one test file apart from all others on the same brokers. */
export const freshTopicPrefix = (): string =>
  `${process.env.FLOTILLA_TOPIC_PREFIX ?? 'test'}-${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;

function givenKafka(addresses: string | undefined): KafkaService | null {
  const brokers = (addresses ?? '').split(',').filter(address => address !== '');
  if (brokers.length === 0) return null;
  const refuse = async (): Promise<never> => {
    throw new Error('the broker of FLOTILLA_KAFKA_BROKERS is not ours to end');
  };
  return { brokers, pid: null, dataFolder: null, kill: refuse, restart: refuse, stop: async () => {} };
}
