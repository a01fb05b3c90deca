import type { WorkerHint } from '#contracts/worker-hint.ts';
import { intakeGroup } from '#services/accumulator/intakes.ts';
import { exitCodes } from '../exit-codes.ts';
import type { FleetLog } from '../fleet-log.ts';
import { countOf, formatCount } from '../terminal/format-count.ts';
import { type Check, failed, passed } from './check.ts';

interface PartitionLag {
  partition: number;
  /** Offsets from the position of the group to the end; some may be markers of transactions. */
  behind: number;
  /** Offsets that were deleted before anybody sealed them. */
  deleted: number;
}

/** How far the accumulators are behind, and whether anybody is there to catch up. */
export async function checkLag(log: FleetLog, { workers }: { workers: readonly WorkerHint[] | null }): Promise<Check> {
  const lags = await Promise.all(Array.from({ length: log.partitions('documents') }, (_, each) => lagOf(log, each)));
  const where = `group ${log.intakeGroup} on ${log.documentsTopic}`;
  const lost = lags.filter(({ deleted }) => deleted > 0);
  if (lost.length > 0) {
    return failed('lag', 'documents were deleted before they were read', {
      where: `${where}, partition ${lost.map(({ partition }) => partition).join(', ')}`,
      why: `retention has passed the position of the group by ${countOf(sum(lost, 'deleted'), 'offset')}`,
      fix: 'publish them again, keep the topic for longer, and start more accumulators',
      exitCode: exitCodes.unreachable,
    });
  }
  const behind = sum(lags, 'behind');
  if (behind === 0) return passed('lag', `none: ${where}`);
  const most = lags.reduce((worst, each) => (each.behind > worst.behind ? each : worst));
  const found = `${countOf(behind, 'offset')} behind, most in partition ${most.partition} (${formatCount(most.behind)})`;
  // What cannot be asked is not a fault of the readers.
  const isRead = workers === null || workers.some(({ roles }) => roles.includes('accumulator'));
  if (isRead) return passed('lag', `${found}: ${where}`);
  return failed('lag', found, {
    where,
    why: 'no accumulator is running',
    fix: 'flotilla worker --roles accumulator',
    exitCode: exitCodes.unreachable,
  });
}

async function lagOf(log: FleetLog, partition: number): Promise<PartitionLag> {
  const topic = 'documents';
  const [position, oldest, end] = await Promise.all([
    log.position(intakeGroup, topic, partition),
    log.oldestOffset(topic, partition),
    log.endOffset(topic, partition),
  ]);
  const from = position?.offset ?? oldest;
  const behind = Math.max(0, end - Math.max(from, oldest));
  return { partition, behind, deleted: position === null ? 0 : Math.max(0, oldest - from) };
}

const sum = (lags: readonly PartitionLag[], what: 'behind' | 'deleted'): number =>
  lags.reduce((total, each) => total + each[what], 0);
