import type { WorkerHint } from '#contracts/worker-hint.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { FleetSettings } from '#runtime/config/fleet-settings.ts';
import { exitCodes } from '../exit-codes.ts';
import { openFleetRedis, workersAt } from '../fleet-redis.ts';
import { countOf } from '../terminal/format-count.ts';
import { type Check, failed, failedBy, passed, warned } from './check.ts';

const startMs = 5_000;
/** Payloads stop being written at 50 %, jobs at 80 %: between them there is still time. */
const usedShareMax = 0.7;

export interface RedisChecks {
  checks: Check[];
  /** Null when nobody could be asked. */
  workers: WorkerHint[] | null;
}

/** Whether it is there, keeps what it is given, has room, and who says there that he works. */
export async function checkRedis(fleet: FleetSettings): Promise<RedisChecks> {
  try {
    // Opening refuses a server with another maxmemory-policy, or one that is too old.
    const redis = await openFleetRedis(fleet, { name: 'flotilla-doctor', startMs });
    try {
      const workers = await workersAt(redis, fleet);
      const reached = passed('redis', `${redis.shownUrl}, maxmemory-policy noeviction`);
      return { checks: [reached, checkMemory(redis.memory.usedShare()), checkWorkers(workers)], workers };
    } finally {
      await redis.close();
    }
  } catch (error) {
    if (!(error instanceof FlotillaError)) throw error;
    return { checks: [failedBy('redis', error)], workers: null };
  }
}

/** @param share of maxmemory in use, 0 to 1; null without a bound */
export function checkMemory(share: number | null): Check {
  if (share === null) {
    return warned('memory', 'Redis has no bound of its own', {
      why: 'the machine would run out of memory first, and take the process with it',
      fix: 'redis-cli CONFIG SET maxmemory 1gb, and set it in redis.conf too',
    });
  }
  const found = `${Math.round(share * 100)} % of Redis's maxmemory is used`;
  if (share <= usedShareMax) return passed('memory', found);
  return warned('memory', found, {
    why: 'payloads are no longer kept there and documents are read from the log; above 80 % jobs are no longer added',
    fix: 'raise maxmemory, or start more workers',
  });
}

function checkWorkers(workers: readonly WorkerHint[]): Check {
  if (workers.length === 0) return passed('workers', 'none yet: flotilla worker');
  const said = countOf(workers.length, 'process');
  const troubled = workers.filter(({ troubles }) => troubles.length > 0);
  if (troubled.length === 0) return passed('workers', said);
  return failed('workers', said, {
    where: troubled.map(({ worker }) => worker).join(', '),
    why: troubled.map(({ worker, troubles }) => `${worker} says ${troubles[0]?.code}`).join(', '),
    fix: 'look at its log',
    exitCode: exitCodes.unreachable,
  });
}
