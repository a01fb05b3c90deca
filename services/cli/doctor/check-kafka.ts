import type { WorkerHint } from '#contracts/worker-hint.ts';
import type { View } from '#core/view.ts';
import { errorCatalogue } from '#errors/catalogue.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { exitCodes } from '../exit-codes.ts';
import { type FleetLog, inspectFleetCluster, lookAtFleetLog } from '../fleet-log.ts';
import { formatCount } from '../terminal/format-count.ts';
import { type Check, failed, failedBy, passed } from './check.ts';
import { checkLag } from './check-lag.ts';
import { checkBrokers, checkTopics } from './check-topics.ts';
import { checkTransactions } from './check-transactions.ts';

export interface KafkaChecks {
  checks: Check[];
  view: View | null;
}

/** Brokers and topics first; what is in the topics only when they are what they must be. */
export async function checkKafka(
  settings: LoadedConfig,
  { workers }: { workers: readonly WorkerHint[] | null },
): Promise<KafkaChecks> {
  const checks: Check[] = [];
  try {
    const report = await inspectFleetCluster(settings, 'flotilla-doctor');
    checks.push(checkBrokers(report), ...checkTopics(report));
    if (report.topics.some(({ facts, fault }) => facts === null || fault !== null)) return { checks, view: null };
    return await lookAtFleetLog(settings, {
      clientId: 'flotilla-doctor',
      async look(log) {
        // First, and kept if the rest fails: who stands still because of a transaction is told why.
        const names = new Map(report.topics.map(({ topic, name }) => [topic, name]));
        checks.push(...(await checkTransactions(log, names)));
        const { check, view } = await checkLog(log);
        checks.push(check, await checkLag(log, { workers }));
        return { checks, view };
      },
    });
  } catch (error) {
    if (!(error instanceof FlotillaError)) throw error;
    return { checks: [...checks, failedBy('kafka', error)], view: null };
  }
}

async function checkLog(log: FleetLog): Promise<{ check: Check; view: View }> {
  const follower = new ViewFollower(log);
  await follower.catchUpAll();
  const { view, positions } = follower;
  if (view.unknown) {
    const { what, fix } = errorCatalogue['log-newer'];
    const why = `it holds a ${view.unknown.what}`;
    return { check: failed('log', what, { why, fix, exitCode: exitCodes.unreachable }), view };
  }
  const journal = `${formatCount(positions.journalOffset)} offsets of journal`;
  const found = view.fleet === null ? 'no worker has begun it yet' : `fleet ${view.fleet.id}, ${journal}`;
  return { check: passed('log', found), view };
}
