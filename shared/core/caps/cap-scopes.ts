import type { CapPeriod } from '../journal.ts';
import type { Money } from '../money.ts';

/** Scopes of money in reserves and caps. A name may hold any character: a scope is made, and never taken apart to decide. */
export const fleetMoney = 'fleet:money';
export const accountMoney = (account: string): string => `account:${account}:money`;
export const tenantMoney = (tenant: string): string => `tenant:${tenant}:money`;
export const taskMoney = (task: string): string => `task:${task}:money`;
export const runMoney = (run: string): string => `run:${run}:money`;

/** What is counted in it is money, not items or batches. */
export const isMoneyScope = (scope: string): boolean => scope.endsWith(':money');

/** A hard limit of the configuration. */
export interface MoneyCap {
  /** As it stands in reserves. */
  scope: string;
  period: CapPeriod;
  limit: Money;
}

/** The scopes that a configuration decides about. Those of runs and accounts belong to others. */
export const isConfiguredScope = (scope: string): boolean =>
  scope === fleetMoney || (/^(?:tenant|task):/.test(scope) && isMoneyScope(scope));

/** `tenant:acme` as it stands in reserves. */
export const moneyScopeOf = (scope: string): string => `${scope}:money`;

/** For people: `the fleet`, `tenant acme`, `task classify`, `this run`. */
export function scopeInWords(scope: string): string {
  const match = /^(fleet|account|tenant|task|run)(?::([\s\S]*))?:(money|items|batches)$/.exec(scope);
  if (!match) return scope;
  const [, kind = '', name] = match;
  return name === undefined ? `the ${kind}` : `${kind} ${name}`;
}

export const periodInWords: Readonly<Record<CapPeriod, string>> = { total: 'in all', day: 'a day', month: 'a month' };
