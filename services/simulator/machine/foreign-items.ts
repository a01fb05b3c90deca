import type { BatchItem } from './validate-envelope.ts';

/** What another user of the workspace might have sent. */
export function foreignItems(itemCount: number): BatchItem[] {
  return Array.from({ length: itemCount }, (_, index) => ({
    customId: `foreign-${index}`,
    params: JSON.stringify({
      model: 'claude-haiku-5-5',
      max_tokens: 64,
      messages: [{ role: 'user', content: `Document ${index} of another user.` }],
    }),
  }));
}
