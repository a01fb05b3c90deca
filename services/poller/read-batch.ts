import { formatCustomId } from '#core/custom-id.ts';
import type { CompleteRead } from '#core/settle/settle-context.ts';
import { type Batch, itemsToSend } from '#core/view.ts';
import type { ItemLine, ResultRead } from '#ports/batch-provider.ts';

export type BatchRead =
  | { is: 'complete'; read: CompleteRead }
  /** Not every item has a line; `signature` tells two such reads apart. */
  | { is: 'short'; read: CompleteRead; signature: string; endedAt: number };

/**
 * Reads a batch's lines and says whether the read is complete: every item that was sent has one, or the provider ended
 * the whole batch without lines. Neither the end of the stream nor the provider's counts alone prove it: a line under a
 * strange custom_id, or one that cannot be parsed, says nothing about our item.
 */
export async function readBatch(
  batch: Batch,
  fleet: string,
  result: Extract<ResultRead, { status: 'ended' }>,
): Promise<BatchRead> {
  const lines = new Map<string, ItemLine>();
  const sent = new Set(itemsToSend(batch).map(item => formatCustomId({ fleet, bk: batch.bk, ...item })));
  for await (const line of result.lines) {
    if (line.type !== 'unreadable' && sent.has(line.customId) && !lines.has(line.customId))
      lines.set(line.customId, line);
  }
  const read: CompleteRead = { lines, wholeBatch: result.wholeBatch };
  if (lines.size === sent.size || result.wholeBatch !== null) return { is: 'complete', read };
  const missing = [...sent].filter(customId => !lines.has(customId)).sort();
  return { is: 'short', read, signature: missing.join(' '), endedAt: result.endedAt };
}
