import type { Usage } from './cost.ts';

/** What a provider said about one item, in our words; adapters write it, `end-of-item.ts` reads it. */
export type ItemLine =
  | { type: 'succeeded'; customId: string; answer: Answer }
  | { type: 'errored'; customId: string; errorClass: ItemErrorClass; code: string; message: string; body: unknown }
  | { type: 'expired'; customId: string }
  | { type: 'canceled'; customId: string }
  /** The line was longer than `resultLineBytesMax`; what was bought cannot be kept. */
  | { type: 'too-large'; customId: string };

export type ItemErrorClass = 'document' | 'transient' | 'account';

export interface Answer {
  /** The provider's message, as parsed: nothing taken away. */
  body: unknown;
  /** All text parts, joined. */
  text: string;
  /** `complete`, cut at the token limit, or declined. */
  finish: 'complete' | 'truncated' | 'refused';
  model: string;
  usage: Usage;
}

/** The whole batch ended without lines: refused for its size, not run in time, or refused as input. */
export type WholeBatchEnd = 'queue-full' | 'expired' | 'invalid';
