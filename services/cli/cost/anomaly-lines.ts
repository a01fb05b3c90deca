import type { SpendAnomalies, SpendAnomaly } from '#core/cost-report/spend-anomalies.ts';
import { type ChangeCause, changeCauses } from '#core/cost-report/spend-change.ts';
import { formatDollars } from '#core/money.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';

const shown = 7;

/** Each with what has changed, the largest first: the parts sum to the difference. */
export function anomalyLines({ found }: SpendAnomalies, { paint, glyphs }: TerminalLook): string[] {
  if (found.length === 0) return [];
  const lines = found
    .slice(0, shown)
    .flatMap(anomaly => [paint('yellow', `  ${glyphs.arrow} ${headline(anomaly)}`), `      ${changeText(anomaly)}`]);
  return ['', '  not as usual', ...lines];
}

function headline({ day, rule, cost, usual, comparedWith }: SpendAnomaly): string {
  const against = comparedWith === null ? 'a day in the seven before' : `on ${comparedWith}`;
  return `${day}: ${formatDollars(cost)}, ${formatDollars(usual)} ${against} (${rule})`;
}

const words: Readonly<Record<ChangeCause, string>> = {
  volume: 'documents',
  task: 'other tasks',
  retries: 'retries',
  tokens: 'tokens a document',
  price: 'price a token',
  cache: 'cache',
};

function changeText({ change }: SpendAnomaly): string {
  const parts = changeCauses.filter(cause => change[cause] !== 0);
  const sorted = parts.sort((a, b) => Math.abs(change[b]) - Math.abs(change[a]));
  return sorted.map(cause => `${words[cause]} ${signed(change[cause])}`).join(', ');
}

const signed = (amount: number): string => (amount > 0 ? `+${formatDollars(amount)}` : formatDollars(amount));
