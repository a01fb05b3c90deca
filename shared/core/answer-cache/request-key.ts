import { hash } from 'node:crypto';
import { buildRequest } from '../build-request.ts';
import type { Ask } from '../document.ts';
import { canonicalJson, type Recipe } from '../recipe.ts';

export interface KeyedRequest {
  ask: Ask;
  recipe: Recipe;
  /** Content hash of the recipe: the version of its task. */
  recipeName: string;
  tenant: string | null;
}

/** Which purchase it is makes no difference to the key: no canary goes into it. */
const noPurchase = { partition: 0, offset: 0, att: 0 };

/**
 * The name of everything an answer depends on: SHA-256 of the canonical request with its model, the version of its task and
 * whose it is. Equal keys, equal answers; two tenants never have one.
 */
export function requestKey({ ask, recipe, recipeName, tenant }: KeyedRequest): string {
  const request: unknown = JSON.parse(buildRequest(ask, { ...recipe, canary: false }, noPurchase));
  return hash('sha256', canonicalJson({ v: 1, model: recipe.model, recipe: recipeName, tenant, request }));
}
