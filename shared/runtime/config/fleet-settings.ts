import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Config } from '#contracts/config.ts';
import type { Role } from '#contracts/roles.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { Secret } from './secret.ts';

/** A fleet as its processes have to know it. */
export interface FleetSettings {
  kafka: KafkaSettings;
  redis: RedisSettings;
  topicPrefix: string;
  worker: { name: string; roles: readonly Role[] };
  snapshotDirectory: string;
}

export interface KafkaSettings {
  brokers: readonly string[];
  documentsTopic: string | null;
  trustsTenants: boolean;
  partitions: number | null;
  replicas: number | null;
  ssl: boolean;
  caFile: string | null;
  sasl: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: Secret } | null;
  /** It may be reached beyond loopback without TLS or without credentials. */
  isInsecureOk: boolean;
}

export interface RedisSettings {
  url: Secret;
  caFile: string | null;
  /** Batches sent off in so much time, by account and by all processes together. */
  submitRates: Readonly<Record<string, { creates: number; everyMs: number }>>;
  isInsecureOk: boolean;
}

/** The two sections with their secrets wrapped. */
export interface WithoutSecrets {
  kafka: Omit<Config['kafka'], 'sasl'> & {
    sasl: Omit<Config['kafka']['sasl'], 'password'> & { password: Secret | null };
  };
  redis: Omit<Config['redis'], 'url'> & { url: Secret | null };
}

export function withoutSecrets({ kafka, redis }: Config): WithoutSecrets {
  const { sasl, ...plain } = kafka;
  const { password, ...login } = sasl;
  return {
    kafka: { ...plain, sasl: { ...login, password: password === undefined ? null : new Secret(password) } },
    redis: { ...redis, url: redis.url === undefined ? null : toRedisSecret(redis.url) },
  };
}

/**
 * @returns null without brokers
 * @throws FlotillaError invalid-config when there are brokers and no Redis, or a rate of an account that is not there
 */
export function toFleetSettings(
  { kafka, redis, worker, providers }: Config,
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
  const { account } = providers.anthropic;
  const strange = Object.keys(redis.submitRates).find(name => name !== account);
  if (strange !== undefined) {
    throw new FlotillaError('invalid-config', {
      where: `redis.submitRates.${strange}`,
      why: `there is no account of that name; there is ${account}`,
      fix: `name it ${account}, or take it away`,
    });
  }
  const { mechanism, username, password } = kafka.sasl;
  const hasLogin = mechanism !== undefined && username !== undefined && password !== undefined;
  return {
    kafka: {
      brokers: kafka.brokers,
      documentsTopic: kafka.documentsTopic ?? null,
      trustsTenants: kafka.trustsTenants,
      partitions: kafka.partitions ?? null,
      replicas: kafka.replicas ?? null,
      ssl: kafka.ssl,
      caFile: kafka.caFile ?? null,
      sasl: hasLogin ? { mechanism, username, password: new Secret(password) } : null,
      isInsecureOk: kafka.insecure,
    },
    redis: {
      url: toRedisSecret(redis.url),
      caFile: redis.caFile ?? null,
      submitRates: redis.submitRates,
      isInsecureOk: redis.insecure,
    },
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
