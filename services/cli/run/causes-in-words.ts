import { formatCount } from '../terminal/format-count.ts';
import type { RunSnapshot } from './run-snapshot.ts';

/** `2 invalid-json, 1 refused, 4 others`: the most frequent first. */
export function causesInWords(byCause: RunSnapshot['byCause'], shownMax: number): string {
  const sorted = Object.entries(byCause).sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, shownMax).map(([cause, count]) => `${formatCount(count)} ${cause}`);
  const others = sorted.slice(shownMax).reduce((sum, [, count]) => sum + count, 0);
  return [...shown, ...(others > 0 ? [`${formatCount(others)} more`] : [])].join(', ');
}

const holds: Readonly<Record<string, string>> = {
  breaker: 'the provider refuses or does not answer; creates wait and are tried again',
  'clock-off': 'the clock is more than 30 s off; nothing is created until it is set',
  'owner-mismatch': 'the key belongs to another owner than this log; nothing is created',
  'foreign-fleet': 'another fleet uses a copy of this log; nothing is created',
  'log-newer': 'the log was written by a newer version; nothing is created',
  'owner-unseen': 'waiting for the first reply of the provider',
  'no-fleet': 'the log is being prepared',
};

/** Why an account sends nothing, as a sentence. */
export const heldInWords = (held: string): string => holds[held] ?? held;
