import { createTelemetry } from '#adapters/pino/create-telemetry.ts';
import { openRedis } from '#adapters/redis/open-redis.ts';
import { openRedisHints } from '#adapters/redis/open-redis-hints.ts';
import { parseWorkerHint, workerHintPrefix } from '#contracts/worker-hint.ts';
import { errorCatalogue } from '#errors/catalogue.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { FleetSettings } from '#runtime/config/fleet-settings.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { type Check, failed, failedBy, passed } from './doctor/check.ts';
import { exitCodes } from './exit-codes.ts';
import { openFleetLog } from './fleet-log.ts';
import { countOf, formatCount } from './terminal/format-count.ts';

const redisStartMs = 5_000;

/** Kafka with its topics, Redis with its settings, and who works on them. Changes nothing. */
export async function checkFleet(settings: LoadedConfig, fleet: FleetSettings): Promise<Check[]> {
  const [kafka, redis] = await Promise.all([checkKafka(settings, fleet), checkRedis(fleet)]);
  return [...kafka, ...redis];
}

async function checkKafka(settings: LoadedConfig, { kafka, topicPrefix }: FleetSettings): Promise<Check[]> {
  const where = kafka.brokers.join(',');
  const telemetry = createTelemetry({ level: 'silent', path: null, process: 'doctor' });
  try {
    const log = await openFleetLog(settings, { telemetry, clientId: 'flotilla-doctor', isReader: true });
    try {
      const follower = new ViewFollower(log);
      await follower.catchUpAll();
      const { fleet, unknown } = follower.view;
      if (unknown) {
        const fix = errorCatalogue['log-newer'].fix;
        return [failed('log', `it holds a ${unknown.what}`, { fix, exitCode: exitCodes.unreachable })];
      }
      const journal = `${formatCount(follower.positions.journalOffset)} offsets of journal`;
      const found = fleet === null ? 'no worker has begun it yet' : `fleet ${fleet.id}, ${journal}`;
      return [passed('kafka', where), passed('log', `${topicPrefix}: ${found}`)];
    } finally {
      await log.close();
    }
  } catch (error) {
    if (!(error instanceof FlotillaError)) throw error;
    const isNew = error.code === 'topic-unfit' && error.why.includes('it is not there');
    if (isNew) return [passed('kafka', where), passed('log', `${topicPrefix}: the first worker makes its topics`)];
    return [failedBy('kafka', error, errorCatalogue[error.code].exitCode)];
  }
}

async function checkRedis({ redisUrl, topicPrefix }: FleetSettings): Promise<Check[]> {
  try {
    const redis = await openRedis({ url: redisUrl.reveal(), name: 'flotilla-doctor', startMs: redisStartMs });
    try {
      const found = await openRedisHints({ redis, prefix: topicPrefix }).list(workerHintPrefix);
      const workers = found.flatMap(({ value }) => parseWorkerHint(value) ?? []);
      const troubled = workers.filter(({ troubles }) => troubles.length > 0);
      const names = troubled.map(({ worker, troubles }) => `${worker}: ${troubles[0]?.code}`).join(', ');
      const said = workers.length === 0 ? 'none yet: flotilla worker' : countOf(workers.length, 'process');
      return [
        passed('redis', redis.shownUrl),
        names === ''
          ? passed('workers', said)
          : failed('workers', `${said}; ${names}`, { fix: 'look at its log', exitCode: exitCodes.unreachable }),
      ];
    } finally {
      await redis.close();
    }
  } catch (error) {
    if (!(error instanceof FlotillaError)) throw error;
    return [failedBy('redis', error, errorCatalogue[error.code].exitCode)];
  }
}
