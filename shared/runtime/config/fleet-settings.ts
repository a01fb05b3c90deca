import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Config } from '#contracts/config.ts';
import type { Role } from '#contracts/roles.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { Secret } from './secret.ts';

/** A fleet as its processes have to know it. */
export interface FleetSettings {
  kafka: KafkaSettings;
  redisUrl: Secret;
  topicPrefix: string;
  worker: { name: string; roles: readonly Role[] };
  snapshotDirectory: string;
}

export interface KafkaSettings {
  brokers: readonly string[];
  documentsTopic: string | null;
  partitions: number | null;
  replicas: number | null;
  ssl: boolean;
  caFile: string | null;
  sasl: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: Secret } | null;
}

/** The two sections with their secrets wrapped. */
export interface WithoutSecrets {
  kafka: Omit<Config['kafka'], 'sasl'> & {
    sasl: Omit<Config['kafka']['sasl'], 'password'> & { password: Secret | null };
  };
  redis: { url: Secret | null };
}

export function withoutSecrets({ kafka, redis }: Config): WithoutSecrets {
  const { sasl, ...plain } = kafka;
  const { password, ...login } = sasl;
  return {
    kafka: { ...plain, sasl: { ...login, password: password === undefined ? null : new Secret(password) } },
    redis: { url: redis.url === undefined ? null : toRedisSecret(redis.url) },
  };
}

/**
 * @returns null without brokers
 * @throws FlotillaError invalid-config when there are brokers and no Redis
 */
export function toFleetSettings(
  { kafka, redis, worker }: Config,
  { stateDirectory, folderOf }: { stateDirectory: string; folderOf: () => string },
): FleetSettings | null {
  if (kafka.brokers === undefined) return null;
  if (redis.url === undefined) {
    throw new FlotillaError('invalid-config', {
      where: 'redis.url',
      why: 'there are brokers and no Redis: a fleet needs both',
      fix: 'set FLOTILLA_REDIS_URL',
    });
  }
  const { mechanism, username, password } = kafka.sasl;
  const hasLogin = mechanism !== undefined && username !== undefined && password !== undefined;
  return {
    kafka: {
      brokers: kafka.brokers,
      documentsTopic: kafka.documentsTopic ?? null,
      partitions: kafka.partitions ?? null,
      replicas: kafka.replicas ?? null,
      ssl: kafka.ssl,
      caFile: kafka.caFile ?? null,
      sasl: hasLogin ? { mechanism, username, password: new Secret(password) } : null,
    },
    redisUrl: toRedisSecret(redis.url),
    topicPrefix: kafka.topicPrefix,
    worker: { name: worker.name ?? `${hostname()}-${process.pid}`, roles: worker.roles },
    snapshotDirectory:
      worker.snapshots === undefined ? join(stateDirectory, 'fleet') : resolve(folderOf(), worker.snapshots),
  };
}

/** Where it is may be seen; who logs in may not. */
function toRedisSecret(text: string): Secret {
  const url = new URL(text);
  const login = url.username === '' && url.password === '' ? '' : '[redacted]@';
  return new Secret(text, `${url.protocol}//${login}${url.host}${url.pathname}`);
}
