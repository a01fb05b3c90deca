import { InvalidArgumentError } from 'commander';
import { suggestion } from '#contracts/nearest-name.ts';
import { type CostKey, costKeys } from '#core/cost-report/cost-report.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `10m`, `2h`, `1d`, `500ms`; a bare number is seconds. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)\s*(ms|s|m|h|d)?$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError('It must be a time such as 90s, 10m or 2h.');
  return Math.round(Number(match[1]) * (unitMs[match[2] ?? 's'] as number));
}

export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
  return port;
}

export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

/** Requests of a sample: each is kept in memory until it is counted. */
export function parseSampleSize(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) > 1_000)
    throw new InvalidArgumentError('It must be a whole number to 1000.');
  return Number(text);
}

/** How many may fail for the command to end with 0: `10`, or `2%` of all. Wrong ones are told before a run, not after it. */
export function checkFailureAllowance(text: string): string {
  const match = /^(\d{1,9})$|^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(text);
  if (!match || Number(match[2] ?? 0) > 100) {
    throw new InvalidArgumentError('It must be a whole number such as 10, or a share such as 2%.');
  }
  return text;
}

/** `task,day`: each of them once. */
export function parseCostKeys(text: string): CostKey[] {
  const names = text.split(',').map(name => name.trim());
  for (const name of names) {
    if (costKeys.includes(name as CostKey)) continue;
    throw new InvalidArgumentError(`It must be of ${costKeys.join(', ')}, with commas${suggestion(name, costKeys)}.`);
  }
  return [...new Set(names as CostKey[])];
}

/** `2026-11-24`, a day that there is. */
export function parseDay(text: string): string {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : new Date(Number.NaN);
  const isThere = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
  if (!isThere) throw new InvalidArgumentError('It must be a day such as 2026-11-24, in UTC.');
  return text;
}

/** `1%`, `0.5%`: more than nothing, less than half. */
export function parseShare(text: string): number {
  const share = /^(\d{1,2}(?:\.\d{1,4})?)%$/.exec(text)?.[1];
  if (share === undefined || Number(share) <= 0 || Number(share) > 50) {
    throw new InvalidArgumentError('It must be a share such as 1% or 0.5%, above 0 and at most 50%.');
  }
  return Number(share) / 100;
}
