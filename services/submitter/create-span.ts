import { batchSpan } from '#core/span-context.ts';
import type { CreateOutcome } from '#ports/batch-provider.ts';
import type { Span } from '#ports/telemetry.ts';

export interface SentCreate {
  bk: string;
  sub: number;
  provider: string;
  items: number;
  outcome: CreateOutcome;
  /** Ms since the epoch: just before the POST, and after its reply. */
  startAt: number;
  endAt: number;
}

/** One create call in its batch's trace. An unanswered one is told as failed, whatever the look finds out later. */
export function createSpan({ bk, sub, provider, items, outcome, startAt, endAt }: SentCreate): Span {
  const isCreated = outcome.status === 'created';
  return {
    name: 'batch.create',
    self: batchSpan(bk, 'batch.create', sub),
    parent: batchSpan(bk, 'batch.seal'),
    startAt,
    endAt,
    links: [],
    attributes: {
      'flotilla.bk': bk,
      'flotilla.sub': sub,
      'flotilla.items': items,
      'flotilla.outcome': outcome.status,
      ...(outcome.status === 'refused' ? { 'flotilla.cause': outcome.reason } : {}),
      'gen_ai.provider.name': provider,
    },
    ...(isCreated ? {} : { failure: outcome.status === 'refused' ? outcome.reason : 'ambiguous' }),
  };
}
