import { isLoopback } from '#contracts/is-loopback.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { FleetSettings } from './fleet-settings.ts';

/**
 * Kafka or Redis beyond this machine, without TLS or without a login: whoever is on the way reads documents and answers, and
 * whoever reaches the port sends documents at our cost. Refused unless a setting says that the network is closed to others.
 *
 * Only what is configured is judged: brokers may tell clients other addresses, and a tunnel begins on loopback.
 * @returns null when all is well, or was allowed
 */
export function insecureFault({ kafka, redis }: Pick<FleetSettings, 'kafka' | 'redis'>): FlotillaError | null {
  const strange = kafka.brokers.filter(broker => !isLoopback(hostOf(broker)));
  const kafkaLacks = lacking({ hasTls: kafka.ssl, hasLogin: kafka.sasl !== null });
  if (!kafka.isInsecureOk && strange.length > 0 && kafkaLacks !== null) {
    return insecure(`kafka.brokers: ${strange.join(', ')}`, {
      lacks: kafkaLacks,
      fix: 'set FLOTILLA_KAFKA_SSL=true and FLOTILLA_KAFKA_SASL_MECHANISM with user and password',
    });
  }
  const url = new URL(redis.url.reveal());
  const redisLacks = lacking({ hasTls: url.protocol === 'rediss:', hasLogin: url.password !== '' });
  if (!redis.isInsecureOk && !isLoopback(url.hostname) && redisLacks !== null) {
    return insecure(`redis.url: ${url.host}`, {
      lacks: redisLacks,
      fix: 'give FLOTILLA_REDIS_URL as rediss://user:password@host:port',
    });
  }
  return null;
}

const hostOf = (broker: string): string => broker.slice(0, broker.lastIndexOf(':'));

function lacking({ hasTls, hasLogin }: { hasTls: boolean; hasLogin: boolean }): string | null {
  if (hasTls) return hasLogin ? null : 'without credentials';
  return hasLogin ? 'without TLS' : 'without TLS and without credentials';
}

const insecure = (where: string, { lacks, fix }: { lacks: string; fix: string }): FlotillaError =>
  new FlotillaError('insecure-connection', {
    where,
    why: `it is beyond this machine, ${lacks}`,
    fix: `${fix}; where only the fleet reaches it: FLOTILLA_INSECURE_OK=true`,
  });
