import { decodeRecipe } from '#contracts/recipe-codec.ts';
import { buildRequest } from '#core/build-request.ts';
import { parseCustomId } from '#core/custom-id.ts';
import { type CachePlan, marksSent } from '#core/prompt-cache/cache-plan.ts';
import { markRequest } from '#core/prompt-cache/mark-request.ts';
import type { Recipe } from '#core/recipe.ts';
import { readDocument } from '#runtime/document-reader.ts';
import type { Run } from '../run-seed.ts';

/** What was sent is a function of document, recipe and the plan in SEALED, byte for byte, whoever built it and however often. */
export function checkPayloads({ world, provider, truth, broker, prefixes }: Run): void {
  const plans = new Map<string, CachePlan>();
  const recipes = new Map<string, Recipe | null>();
  const written = new Map(
    broker.cluster.committed('recipes', 0).map(({ key, value }) => [key, decodeRecipe(value as Uint8Array)]),
  );
  for (const record of truth.journal) {
    if (record.kind !== 'SEALED' || recipes.has(record.bk)) continue;
    recipes.set(record.bk, written.get(record.recipe) ?? null);
    if (!record.plan) continue;
    plans.set(record.bk, record.plan);
    world.hit(`plan ${record.plan.use}`);
    if (record.plan.use === 'shadow' ? prefixes.mode !== 'shadow' : prefixes.mode !== 'on')
      world.violate('plan of another mode');
  }
  for (const { bk, customIds, bodies } of provider.bySeq.values()) {
    if (bk === null) continue;
    for (const [index, customId] of customIds.entries()) {
      const claim = parseCustomId(customId);
      const record =
        claim && broker.cluster.committed('documents', claim.partition).find(({ offset }) => offset === claim.offset);
      const read = record && readDocument(record, prefixes.routing.documents);
      const recipe = recipes.get(bk);
      if (!claim || !recipe || read?.parsed.is !== 'document') continue;
      const plain = buildRequest(read.parsed.document.ask, recipe, claim);
      if (bodies[index] !== markRequest(plain, plans.get(bk)))
        world.violate('sent what document, recipe and plan do not say');
      if (bodies[index] !== plain) world.hit('item marked');
      if (bodies[index] !== plain && marksSent(plans.get(bk)).length === 0) world.violate('marked without a plan');
    }
  }
}
