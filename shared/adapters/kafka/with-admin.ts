import type { ConnectionOptions as TlsOptions } from 'node:tls';
import kafkajs, { type Admin, type SASLOptions } from 'kafkajs';
import { toLogError } from './kafka-error.ts';
import { repairKafkajs } from './repair-kafkajs.ts';

/** Where a cluster is, and how it is spoken to. */
export interface KafkaConnection {
  /** `host:port`, some of them. */
  brokers: readonly string[];
  clientId?: string;
  ssl?: boolean | TlsOptions;
  sasl?: SASLOptions;
}

export const connectTimeoutMs = 3_000;

/** Asks the cluster about itself, on a connection of its own. @throws FlotillaError log-forbidden | log-unavailable | topic-unfit */
export async function withAdmin<T>(connection: KafkaConnection, act: (admin: Admin) => Promise<T>): Promise<T> {
  repairKafkajs();
  const { brokers, clientId = 'flotilla', ssl, sasl } = connection;
  const { Kafka, logLevel } = kafkajs;
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: connectTimeoutMs,
    logLevel: logLevel.NOTHING,
    retry: { retries: 4, initialRetryTime: 200 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await act(admin);
  } catch (error) {
    throw toLogError(error, brokers.join(','));
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
