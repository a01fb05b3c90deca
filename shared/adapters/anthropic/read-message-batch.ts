import { z } from 'zod';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { BatchPage, ListedBatch } from '#ports/batch-provider.ts';

/** As little of the provider's object as is used; the rest may change without us. */
const messageBatchSchema = z.object({
  id: z.string().min(1),
  processing_status: z.string(),
  request_counts: z.record(z.string(), z.unknown()),
  created_at: z.string(),
  ended_at: z.string().nullish(),
  expires_at: z.string().nullish(),
  archived_at: z.string().nullish(),
  results_url: z.string().nullish(),
});

const batchListSchema = z.object({
  data: z.array(z.unknown()),
  has_more: z.boolean().nullish(),
  last_id: z.string().nullish(),
});

export interface MessageBatch extends ListedBatch {
  /** Items that have ended: as many lines a complete read has. */
  lineCount: number;
  /** Null when the provider has none to give: not ended, or archived. */
  resultsUrl: string | null;
}

/** @throws FlotillaError provider-unavailable when it is not a message batch */
export function readMessageBatch(value: unknown): MessageBatch {
  const parsed = messageBatchSchema.safeParse(value);
  const createdAt = parsed.success ? Date.parse(parsed.data.created_at) : Number.NaN;
  if (!parsed.success || Number.isNaN(createdAt)) throw unexpectedReply('the reply is not a message batch');
  const batch = parsed.data;
  const itemCount = sumCounts(batch.request_counts);
  const hasEnded = batch.processing_status === 'ended';
  return {
    pid: batch.id,
    createdAt,
    endedAt: hasEnded ? readEndedAt(batch) : null,
    // A state nobody here has heard of is one that has not ended (catalogue G8).
    hasEnded,
    itemCount,
    label: null,
    rawStatus: batch.processing_status,
    lineCount: itemCount - sumCounts({ processing: batch.request_counts.processing }),
    // An empty string means none (catalogue O6).
    resultsUrl: (!batch.archived_at && batch.results_url) || null,
  };
}

/**
 * One page of the list. Every entry must be readable and a page that promises more must say where: absence is
 * proved from complete lists, so a gap may not pass for an end.
 * @throws FlotillaError provider-unavailable
 */
export function readBatchPage(value: unknown): { batches: MessageBatch[]; nextCursor: BatchPage['nextCursor'] } {
  const parsed = batchListSchema.safeParse(value);
  if (!parsed.success) throw unexpectedReply('the reply is not a list of message batches');
  const batches = parsed.data.data.map(readMessageBatch);
  const lastPid = parsed.data.last_id || batches.at(-1)?.pid;
  if (!parsed.data.has_more) return { batches, nextCursor: null };
  if (!lastPid) throw unexpectedReply('the list has more pages but does not say where');
  return { batches, nextCursor: lastPid };
}

/** Without what only this adapter knows. */
export function toListedBatch({ lineCount: _lineCount, resultsUrl: _resultsUrl, ...batch }: MessageBatch): ListedBatch {
  return batch;
}

/** Every count, also of a kind added later: the sum is compared with what we sent. */
function sumCounts(counts: Record<string, unknown>): number {
  return Object.values(counts).reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
}

/** Never earlier than the true end, for the end starts the hour after which a line is lost (protocol §6). */
function readEndedAt(batch: { ended_at?: string | null | undefined; expires_at?: string | null | undefined }): number {
  const endedAt = Date.parse(batch.ended_at || batch.expires_at || '');
  if (Number.isNaN(endedAt)) throw unexpectedReply('the batch has ended but does not say when');
  return endedAt;
}

function unexpectedReply(why: string): FlotillaError {
  return new FlotillaError('provider-unavailable', { why, isRetryable: true });
}
