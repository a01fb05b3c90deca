import { exitCodes } from '../exit-codes.ts';
import type { ClusterReport, TopicReport } from '../fleet-log.ts';
import { countOf } from '../terminal/format-count.ts';
import { type Check, failed, failedBy, passed } from './check.ts';

const foreverMs = -1;
const dayMs = 86_400_000;

/** Addresses as the brokers themselves tell them: what clients connect to after the first one. */
export function checkBrokers({ brokers }: ClusterReport): Check {
  const named = brokers.map(
    ({ id, address, isController }) => `${id} ${address}${isController ? ' (controller)' : ''}`,
  );
  return passed('kafka', `${countOf(brokers.length, 'broker')}: ${named.join(', ')}`);
}

/** Every topic that is not as the protocol needs it, each by itself; one line when all are well. */
export function checkTopics({ topics }: ClusterReport): Check[] {
  const missing = topics.filter(({ facts }) => facts === null);
  const first = topics[0]?.name ?? '';
  if (missing.length === topics.length) {
    return [passed('topics', `none yet (${first}, …): the first worker makes them`)];
  }
  const faults = topics.flatMap(({ fault }) => (fault === null ? [] : [failedBy('topics', fault)]));
  if (missing.length > 0) {
    const gone = failed('topics', 'some are missing', {
      where: missing.map(({ name }) => name).join(', '),
      why: 'the others are there: either they were deleted, or nobody has finished making them',
      fix: 'a worker makes them again, empty; what was deleted with its records has to be restored first',
      exitCode: exitCodes.usage,
    });
    return [gone, ...faults];
  }
  return faults.length > 0 ? faults : [passed('topics', inWords(topics)), passed('kept', keptInWords(topics))];
}

const inWords = (topics: readonly TopicReport[]): string =>
  topics.map(({ name, facts }) => `${name} (${facts?.partitions})`).join(', ');

function keptInWords(topics: readonly TopicReport[]): string {
  const byTime = Map.groupBy(topics, ({ facts }) => facts?.retentionMs ?? 0);
  return [...byTime]
    .sort(([left], [right]) => order(right) - order(left))
    .map(([ms, some]) => `${some.map(({ topic }) => topic).join(', ')} ${timeInWords(ms)}`)
    .join('; ');
}

const order = (ms: number): number => (ms === foreverMs ? Number.POSITIVE_INFINITY : ms);

const timeInWords = (ms: number): string =>
  ms === foreverMs ? 'for ever' : `${Math.round((ms / dayMs) * 10) / 10} days`;
