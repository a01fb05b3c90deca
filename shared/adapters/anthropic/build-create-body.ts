import type { CreateItem } from '#ports/batch-provider.ts';

/**
 * The create body with every item's parameters as the bytes they are: nothing is parsed and written again, so the
 * provider reads exactly what was sealed.
 */
export function buildCreateBody(items: readonly CreateItem[]): Buffer {
  const requests = items.map(item => `{"custom_id":${JSON.stringify(item.customId)},"params":${item.body}}`);
  return Buffer.from(`{"requests":[${requests.join(',')}]}`);
}
