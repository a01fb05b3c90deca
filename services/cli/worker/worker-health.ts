import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Hold } from '#runtime/provider-account.ts';
import type { Fleet } from '../fleet.ts';
import type { Readiness } from '../health/health-server.ts';
import { heldInWords } from '../run/causes-in-words.ts';
import type { Worker } from '../start-worker.ts';

/** A round that takes longer is stuck: a collect may download for minutes, everything else bounds itself below that. */
const roundMsMax = 600_000;
/** A view that cannot be brought up to date in this time is not fit to decide anything. */
const catchUpMsMax = 5_000;

/** One look may fail; the next one says whether it was more than that. */
const unlistedMax = 2;

/** Holds that stop creates until somebody does something: a worker that has one is not ready, and says which. */
const lastingHolds: ReadonlySet<Hold> = new Set(['log-newer', 'owner-mismatch', 'clock-off', 'foreign-fleet']);

/** What an orchestrator restarts this process for. */
export function livenessOf(fleet: Fleet, worker: Worker): Readiness[] {
  const standing = worker.running.progress.standing(roundMsMax);
  const { isHealthy, why } = fleet.log.health();
  return [
    {
      name: 'loops',
      isOk: standing.length === 0,
      found:
        standing.length === 0
          ? `${worker.running.progress.rounds} rounds so far`
          : standing.map(({ loop, forMs }) => `${loop} for ${Math.round(forMs / 1_000)} s`).join(', '),
    },
    { name: 'kafka', isOk: isHealthy, found: why ?? 'reads what there is' },
    ...lostLog(worker),
  ];
}

/** A log that was made anew while it was read: nothing that this process knows is true of it, and the next start says so. */
function lostLog({ running }: Worker): Readiness[] {
  const errors = running.troubles().map(({ error }) => error);
  const lost = errors.find(error => error instanceof FlotillaError && error.code === 'log-recreated');
  return lost instanceof FlotillaError ? [{ name: `log ${lost.where ?? ''}`, isOk: false, found: lost.message }] : [];
}

/** Whether work can be accepted, and which of Kafka, Redis and the provider stands in the way. */
export async function readinessOf(fleet: Fleet, worker: Worker): Promise<Readiness[]> {
  const [kafka, redis] = await Promise.all([checkLog(fleet, worker), checkRedis(fleet)]);
  const draining = worker.isDraining();
  return [
    ...(draining ? [{ name: 'worker', isOk: false, found: 'draining' }] : []),
    ...kafka,
    redis,
    ...checkAccounts(worker),
  ];
}

async function checkLog(fleet: Fleet, { running }: Worker): Promise<Readiness[]> {
  const { follower } = running;
  const where = fleet.kafkaAddress;
  try {
    await within(catchUpMsMax, follower.catchUpAll());
    const { journalOffset } = follower.positions;
    return [
      { name: 'kafka', isOk: true, found: where },
      { name: 'view', isOk: true, found: `caught up at journal offset ${journalOffset}` },
    ];
  } catch (error) {
    return [{ name: 'kafka', isOk: false, found: `${where}: ${messageOf(error)}` }];
  }
}

async function checkRedis({ hints, redisAddress }: Fleet): Promise<Readiness> {
  try {
    await within(catchUpMsMax, hints.list('worker/'));
    return { name: 'redis', isOk: true, found: redisAddress };
  } catch (error) {
    // Everything in it is a hint; without it a worker still settles, but hardly anybody hands it work.
    return { name: 'redis', isOk: false, found: `${redisAddress}: ${messageOf(error)}` };
  }
}

function checkAccounts({ running }: Worker): Readiness[] {
  return [...running.accounts.values()].map(account => {
    const hold = account.hold(running.follower.view);
    const { breaker, name } = account;
    const isOut = breaker.is !== 'closed' && breaker.reason === 'outage';
    const silent = account.unlisted !== null && account.unlisted.times >= unlistedMax ? account.unlisted : null;
    const isOk = !isOut && silent === null && (hold === null || !lastingHolds.has(hold));
    const why = silent ? `${silent.times} lists in a row failed: ${silent.why}` : hold && heldInWords(hold);
    const { baseUrl } = account.provider;
    return { name: `provider ${name}`, isOk, found: why === null ? baseUrl : `${baseUrl}: ${why}` };
  });
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1_000} s`)), limitMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
