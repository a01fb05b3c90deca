import { formatDollars } from '#core/money.ts';
import { type EstimateReport, estimateJson } from '../estimate/estimate-report.ts';
import { countOf, formatCount } from '../terminal/format-count.ts';
import type { ReplayRefusal } from './plan-replay.ts';

/** What a replay would do. */
export interface ReplayPlan {
  documents: number;
  byCause: ReadonlyMap<string, number>;
  refused: ReadonlyMap<ReplayRefusal, number>;
  estimate: EstimateReport;
}

const refusalsInWords: Readonly<Record<ReplayRefusal, string>> = {
  replayed: 'replayed before; their replays may have dead letters of their own',
  'replay-limit': 'replayed three times (replay-limit): look at the cause first',
  duplicate: 'duplicates: another record has their answer (--cause duplicate sends them all the same)',
  gone: 'no longer kept, or too long to be kept',
};

export function renderPlan({ documents, byCause, refused, estimate }: ReplayPlan): string {
  const { unpriced, rejected } = estimate;
  const { cost } = estimate.sum;
  const causes = [...byCause]
    .sort((a, b) => b[1] - a[1])
    .map(([cause, count]) => `${formatCount(count).padStart(9)}  ${cause}`);
  const [low, expected, high] = [cost?.low ?? 0, cost?.expected ?? 0, cost?.high ?? 0]
    .map(Math.round)
    .map(formatDollars);
  return [
    `  ${countOf(documents, 'dead letter')} to send again`,
    ...causes,
    ...(cost ? [`  price      ${low} to ${high}, about ${expected}`] : []),
    ...(unpriced.documents > 0 ? [`  price      unknown for ${formatCount(unpriced.documents)} of them`] : []),
    ...(rejected > 0
      ? [`  ${countOf(rejected, 'document')} would be rejected again: nothing about it has changed`]
      : []),
    ...renderRefused(refused),
    '',
  ].join('\n');
}

export const renderRefused = (refused: ReplayPlan['refused']): string[] =>
  [...refused].map(([refusal, count]) => `  not sent: ${formatCount(count)} ${refusalsInWords[refusal]}`);

export const planJson = ({ documents, byCause, refused, estimate }: ReplayPlan): Record<string, unknown> => ({
  documents,
  byCause: Object.fromEntries(byCause),
  notSent: Object.fromEntries(refused),
  estimate: estimateJson(estimate),
});
