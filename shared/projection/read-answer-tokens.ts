import type { AnswerCohort } from '#core/cost-report/tune.ts';
import type { Projection } from './projection.ts';

interface Cut {
  maxTokens: number;
  first: number;
  again: number;
  wholeAgain: number;
}

/**
 * How long the answers to a question were (`recipeFamily`), by the cap they were asked with. A cut answer was asked for
 * again with a raised cap: of its document only that second one counts.
 */
export function readAnswerTokens({ db }: Pick<Projection, 'db'>, family: string): AnswerCohort[] {
  const counts = db
    .prepare(
      `SELECT max_tokens AS maxTokens, bucket, sum(count) AS count
      FROM answer_tokens JOIN recipes ON recipes.hash = answer_tokens.recipe
      WHERE family = ? AND max_tokens IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2`,
    )
    .all(family) as unknown as { maxTokens: number; bucket: number; count: number }[];
  const cuts = db
    .prepare(
      `SELECT max_tokens AS maxTokens, sum(iif(is_raised, 0, truncated)) AS first,
      sum(iif(is_raised, truncated, 0)) AS again, sum(iif(is_raised, delivered, 0)) AS wholeAgain
      FROM spend JOIN recipes ON recipes.hash = spend.recipe
      WHERE family = ? AND max_tokens IS NOT NULL GROUP BY 1 ORDER BY 1`,
    )
    .all(family) as unknown as Cut[];
  // Whatever was answered was bought, so each cap has its row there.
  return cuts.map(({ maxTokens, first, again, wholeAgain }) => ({
    maxTokens,
    counts: counts.flatMap(each => (each.maxTokens === maxTokens ? [[each.bucket, each.count] as const] : [])),
    cut: Math.max(again, first - wholeAgain),
  }));
}
