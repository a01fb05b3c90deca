import type { FaultInjector } from '../faults/fault-injector.ts';
import { type ApiError, apiError } from './api-error.ts';
import type { BatchRecord } from './batch-record.ts';

export interface ListQuery {
  /** 1 to 1,000; 20 when absent. */
  limit?: number;
  /** Older batches than this one. */
  afterId?: string;
  /** The batches just newer than this one. */
  beforeId?: string;
}

export interface ListPage {
  /** Newest first. */
  batches: BatchRecord[];
  hasMore: boolean;
}

export interface ListContext {
  /** Batches of the workspace in creation order. */
  records: readonly BatchRecord[];
  now: number;
  faults: FaultInjector;
  /** How old the newest batch may be to be left out by a fault. */
  missingAgeMaxMs: number;
  find: (id: string) => BatchRecord | undefined;
}

const limitByDefault = 20;
const limitMax = 1_000;

/** One page of a workspace's batches, or what is wrong with the query. */
export function listPage(query: ListQuery, context: ListContext): { page: ListPage } | { error: ApiError } {
  const { limit = limitByDefault, afterId, beforeId } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax) {
    return { error: apiError('invalid_request_error', `limit: Input should be between 1 and ${limitMax}`) };
  }
  if (afterId !== undefined && beforeId !== undefined) {
    return { error: apiError('invalid_request_error', 'after_id and before_id cannot both be given') };
  }
  const cursor = afterId ?? beforeId;
  const anchor = cursor === undefined ? undefined : context.find(cursor);
  if (cursor !== undefined && !anchor) return { error: apiError('not_found_error', `No batch ${cursor}`) };
  const room = context.faults.fires('list-small-page') ? 1 : limit;
  if (beforeId !== undefined && anchor) return { page: newerPage(context, anchor.seq, room) };
  return { page: olderPage(context, anchor ? anchor.seq : Number.POSITIVE_INFINITY, room) };
}

function olderPage({ records, now, faults, missingAgeMaxMs }: ListContext, belowSeq: number, room: number): ListPage {
  let index = lowerBound(records, belowSeq) - 1;
  const newest = records[index];
  const isFirstPage = belowSeq === Number.POSITIVE_INFINITY;
  if (isFirstPage && newest && newest.createdAt > now - missingAgeMaxMs && faults.fires('list-missing-newest'))
    index -= 1;
  const batches: BatchRecord[] = [];
  for (; index >= 0; index -= 1) {
    const record = records[index] as BatchRecord;
    if (record.visibleAt > now) continue;
    if (batches.length === room) return { batches, hasMore: true };
    batches.push(record);
  }
  return { batches, hasMore: false };
}

function newerPage({ records, now }: ListContext, aboveSeq: number, room: number): ListPage {
  const batches: BatchRecord[] = [];
  for (let index = lowerBound(records, aboveSeq + 1); index < records.length; index += 1) {
    const record = records[index] as BatchRecord;
    if (record.visibleAt > now) continue;
    if (batches.length === room) return { batches: batches.reverse(), hasMore: true };
    batches.push(record);
  }
  return { batches: batches.reverse(), hasMore: false };
}

/** Index of the first record whose `seq` is not below `seq`. */
function lowerBound(records: readonly BatchRecord[], seq: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle] as BatchRecord).seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
