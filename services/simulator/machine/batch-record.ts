import type { ApiVersion } from './validate-params.ts';

/**
 * One batch: all that is decided at its create and changed since, as JSON in a store. Its state is not stored; it
 * follows from these times and from now (`batch-timing.ts`). Times are ms since the epoch.
 */
export interface BatchRecord {
  /** Creation order over all workspaces, from 1. */
  seq: number;
  id: string;
  workspace: string;
  version: ApiVersion;
  /** Made by the fault `batch-foreign`: somebody else's. */
  isForeign: boolean;
  itemCount: number;
  createdAt: number;
  /** Lists show it from then on. */
  visibleAt: number;
  /** Items start evenly spread over this window, in drawn order. */
  startsFromAt: number;
  startsWithinMs: number;
  /** When the last item is done, were there no 24 h. */
  dueAt: number;
  expiresAt: number;
  archivesAt: number;
  cancelAt: number | null;
  /** Items that would start later are canceled; null while nothing stops them. */
  stopsAt: number | null;
  /** Set once, with the results and the invoice in the same commit. */
  endedAt: number | null;
  counts: EndCounts | null;
  /** Lines that can be read: fewer than items when some are lost for ever. */
  lineCount: number;
  accountShare: number;
  hugeLine: { customId: string; bytes: number } | null;
  isArchived: boolean;
  isDeleted: boolean;
}

export interface EndCounts {
  succeeded: number;
  errored: number;
  canceled: number;
  expired: number;
}

export type ProcessingStatus = 'in_progress' | 'canceling' | 'ended';

export function processingStatus(record: BatchRecord): ProcessingStatus {
  if (record.endedAt !== null) return 'ended';
  return record.cancelAt === null ? 'in_progress' : 'canceling';
}

/** The MessageBatch object of the wire. Everything counts as processing until the whole batch has ended. */
export function wireBatch(record: BatchRecord, baseUrl: string) {
  const counts = record.counts ?? { succeeded: 0, errored: 0, canceled: 0, expired: 0 };
  return {
    id: record.id,
    type: 'message_batch',
    processing_status: processingStatus(record),
    request_counts: { processing: record.endedAt === null ? record.itemCount : 0, ...counts },
    ended_at: wireTime(record.endedAt),
    created_at: wireTime(record.createdAt),
    expires_at: wireTime(record.expiresAt),
    archived_at: record.isArchived ? wireTime(record.archivesAt) : null,
    cancel_initiated_at: wireTime(record.cancelAt),
    results_url: record.endedAt === null ? null : `${baseUrl}/v1/messages/batches/${record.id}/results`,
  };
}

/** RFC 3339 with microseconds, as the provider writes it. */
function wireTime(at: number | null): string | null {
  return at === null ? null : `${new Date(at).toISOString().slice(0, -1)}000Z`;
}
