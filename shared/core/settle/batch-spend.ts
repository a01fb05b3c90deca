import type { Envelope, Parsed } from '../document.ts';
import type { Recipe } from '../recipe.ts';
import type { Spend, SpendRows } from '../spend.ts';
import type { Batch, Item } from '../view.ts';
import { type Ended, isLost } from './ended.ts';

/** What was executed, and what may have been. */
export function addSpent(
  spend: SpendRows,
  { cause, usage, cost, model }: Ended,
  asked: { item: Item; envelope: Envelope; model: string; isUsOnly: boolean },
): void {
  if (!usage && !isLost(cause)) return; // errors and what was not run are not billed
  spend.add({
    tenant: asked.envelope.tenant,
    model: model ?? asked.model,
    isUsOnly: asked.isUsOnly,
    usage: usage ?? null,
    cost: cost ?? null,
    end: cause === null ? 'delivered' : cause === 'truncated' ? 'truncated' : 'other',
    isRetry: asked.item.charged > 0,
  });
}

/** What was not bought, because another had bought it. */
export function addReused(
  spend: SpendRows,
  { cause, model, boughtFor }: Ended,
  asked: { envelope: Envelope; model: string },
): void {
  if (cause !== null) return;
  spend.addReused({ tenant: asked.envelope.tenant, model: model ?? asked.model, cost: boughtFor ?? null });
}

export function modelAsked(parsed: Parsed, recipe: Recipe | null): string {
  const ask = parsed.is === 'document' ? parsed.document.ask : null;
  const model = ask?.shape === 'as-is' ? ask.params.model : recipe?.model;
  return typeof model === 'string' ? model : '';
}

export function spendOf(batch: Batch, { rows }: SpendRows): { spend?: Spend } {
  if (rows.length === 0) return {};
  const { state } = batch;
  const at = state.is === 'created' ? state.intent.at : state.is === 'released' ? state.at : batch.sealedAt;
  return { spend: { at, rows } };
}
