import type { BuiltItem } from '#core/batch-requests.ts';
import { buildRequest } from '#core/build-request.ts';
import { worstCost } from '#core/caps/cap-worst-case.ts';
import type { Recipe } from '#core/recipe.ts';
import type { Item } from '#core/view.ts';
import type { ReadDocument } from './document-reader.ts';
import { requestFacts } from './routing.ts';

/**
 * What a sealed item sends, from its document and recipe, before any marker: the same whenever it is built.
 * @param options.now ms since the epoch: of the prices that its worst case is reckoned with
 * @returns null for a record that is no document
 */
export function buildItem(
  { partition, offset, att }: Item,
  { envelope, parsed }: ReadDocument,
  { recipe, now }: { recipe: Recipe; now: number },
): BuiltItem | null {
  if (parsed.is !== 'document') return null;
  const { run, tenant, deadlineAt } = envelope;
  const body = buildRequest(parsed.document.ask, recipe, { partition, offset, att });
  const costMax = worstCost({ ...requestFacts(parsed.document, recipe), body }, now);
  return { partition, offset, att, run, tenant, deadlineAt, body, costMax };
}
