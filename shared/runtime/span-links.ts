import type { SpanContext } from '#core/span-context.ts';

/** Links of one span at most: what viewers still show, and what SDKs keep by default. */
export const spanLinksMax = 128;

export const boundedLinks = (contexts: readonly SpanContext[]): { links: readonly SpanContext[]; leftOut: number } => ({
  links: contexts.slice(0, spanLinksMax),
  leftOut: Math.max(0, contexts.length - spanLinksMax),
});
