import type { AnswerTokens } from '#core/cost-report/tune.ts';
import type { Projection } from './projection.ts';

interface Cut {
  first: number;
  again: number;
  wholeAgain: number;
}

/**
 * How long the answers to a question were, of all recipes that ask it (`recipeFamily`). A cut answer was asked for again
 * with a raised cap: of its document only that second one counts.
 */
export function readAnswerTokens({ db }: Pick<Projection, 'db'>, family: string): AnswerTokens {
  const counts = db
    .prepare(
      `SELECT bucket, sum(count) AS count FROM answer_tokens JOIN recipes ON recipes.hash = answer_tokens.recipe
      WHERE family = ? GROUP BY bucket ORDER BY bucket`,
    )
    .all(family) as unknown as { bucket: number; count: number }[];
  const { first, again, wholeAgain } = db
    .prepare(
      `SELECT coalesce(sum(iif(is_raised, 0, truncated)), 0) AS first, coalesce(sum(iif(is_raised, truncated, 0)), 0) AS again,
      coalesce(sum(iif(is_raised, delivered, 0)), 0) AS wholeAgain
      FROM spend JOIN recipes ON recipes.hash = spend.recipe WHERE family = ?`,
    )
    .get(family) as unknown as Cut;
  return { counts: counts.map(({ bucket, count }) => [bucket, count]), cut: Math.max(again, first - wholeAgain) };
}
