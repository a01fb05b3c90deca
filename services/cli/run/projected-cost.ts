import type { Money } from '#core/money.ts';

/** What an estimate said of a whole run, before its first answer. */
export interface ExpectedCost {
  cost: number;
  documents: number;
}

/** An estimate weighs as much as so many answers: with the first batch the run itself says more. */
const estimateDocuments = 20;

/**
 * What a run will have cost in the end: what it has cost, and for each document that is not answered yet the mean of what was
 * billed and what was expected. Null as long as nothing tells it.
 */
export function projectedCost(run: {
  billed: Money;
  answered: number;
  /** Documents appended so far; null until the first is. */
  total: number | null;
  isComplete: boolean;
  expected: ExpectedCost | null;
}): Money | null {
  const { billed, answered, isComplete, expected } = run;
  const known = expected && expected.documents > 0 ? expected : null;
  const total = !isComplete && known ? Math.max(run.total ?? 0, known.documents) : run.total;
  if (total === null || (answered === 0 && known === null)) return null;
  const weight = known ? estimateDocuments : 0;
  const each = (billed + weight * (known ? known.cost / known.documents : 0)) / (answered + weight);
  return Math.round(billed + Math.max(0, total - answered) * each);
}
