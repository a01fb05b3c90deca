import { parseDocument } from '#contracts/parse-document.ts';
import type { BuiltItem } from '#core/batch-requests.ts';
import { buildRequest } from '#core/build-request.ts';
import { worstCost } from '#core/caps/cap-worst-case.ts';
import { headerNames } from '#core/headers.ts';
import type { KeptDocument } from '#core/payload.ts';
import type { Recipe } from '#core/recipe.ts';
import type { Rid } from '#core/rid.ts';
import { anyTask, requestFacts } from './routing.ts';

/** What its headers said was judged when it was sealed, and what they were about is in the recipe. */
const judged = { [headerNames.task]: 'any', [headerNames.resolved]: '1' };

/**
 * What a sealed item sends, from its document and recipe, before any marker: the same whenever it is built.
 * @param options.now ms since the epoch: of the prices that its worst case is reckoned with
 * @returns null for a record that is no document
 */
export function buildItem(
  { partition, offset, att }: Rid & { att: number },
  { run, tenant, deadlineAt, value }: KeptDocument,
  { recipe, now }: { recipe: Recipe; now: number },
): BuiltItem | null {
  const parsed = parseDocument({ value, headers: judged }, anyTask);
  if (parsed.is !== 'document') return null;
  const body = buildRequest(parsed.document.ask, recipe, { partition, offset, att });
  const costMax = worstCost({ ...requestFacts(parsed.document, recipe), body }, now);
  return { partition, offset, att, run, tenant, deadlineAt, body, costMax };
}
