import { decimalDollars } from '#core/money.ts';
import { type RunSnapshot, unansweredCreates } from './run-snapshot.ts';

/** At most one line in this time, for logs of CI and cron. */
export const changeLineEveryMs = 10_000;

/**
 * The run as one line of `key=value`, without the time. Two snapshots with the same text have not changed: elapsed time and
 * ages are left out for that.
 */
export function changeFields(snapshot: RunSnapshot): string {
  const { run, answered, atProvider, inLanes, sealedWaiting, reusing, retrying, total, isComplete } = snapshot;
  const fields: [string, string | number | null][] = [
    ['run', run],
    ['ok', answered.succeeded],
    ['dead', answered.dead],
    ['total', total ?? 0],
    ['read', isComplete ? 'all' : 'part'],
    ['in_lanes', inLanes],
    ['waiting_batches', sealedWaiting],
    ['at_provider', atProvider.items],
    ['provider_batches', atProvider.batches],
    ['unanswered_creates', unansweredCreates(snapshot) || null],
    ['reusing', reusing || null],
    ['retrying', retrying],
    ...costFields(snapshot),
    ['parked', snapshot.parked?.count ?? null],
    ['held', snapshot.held],
    ['simulated', snapshot.simulated ? 'true' : null],
  ];
  return fields.flatMap(([key, value]) => (value === null ? [] : [`${key}=${quotedIfSpaced(value)}`])).join(' ');
}

/** One pair stays one word for whoever splits the line at its spaces. */
const quotedIfSpaced = (value: string | number): string =>
  /[\s"]/.test(String(value)) ? JSON.stringify(value) : String(value);

function costFields({ cost, unpriced, cap }: RunSnapshot): [string, string | number | null][] {
  if (cost === null) return [['cost_usd', 'unknown']];
  return [
    ['cost_usd', decimalDollars(cost.billed)],
    ['projected_usd', cost.projected === null ? null : decimalDollars(Math.round(cost.projected))],
    ['unpriced', unpriced > 0 ? unpriced : null],
    ['cap_usd', cap === null ? null : decimalDollars(cap)],
  ];
}

/** @returns the line to print now, or null: nothing changed, or the last one is too recent */
export class ChangeLines {
  #printedAt = Number.NEGATIVE_INFINITY;
  #printed = '';

  /** @param now ms since the epoch */
  next(snapshot: RunSnapshot, now: number, options: { isLast?: boolean } = {}): string | null {
    const fields = changeFields(snapshot);
    if (fields === this.#printed) return null;
    if (!options.isLast && now - this.#printedAt < changeLineEveryMs) return null;
    this.#printed = fields;
    this.#printedAt = now;
    return `${new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')} ${fields}`;
  }
}
