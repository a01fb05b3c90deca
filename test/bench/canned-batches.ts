/** The model every canned document names and every canned answer comes from. */
export const cannedModel = 'claude-haiku-5-5';

/**
 * Custom ids are kept this long after their first delivery, so that a client killed between reading results and
 * saving them can read them again; older ones are forgotten and memory stays level however long the run. A fleet with a
 * thousand batches open may come back to one after minutes.
 */
const deliveredBatchesKept = 10_000;

const batchIdPrefix = 'msgbatch_01';
const batchIdDigits = 22;
const dayMs = 86_400_000;

/** One create as the responder saw it, for whoever times a restart. */
export interface CreateSeen {
  id: string;
  atMs: number;
  items: number;
}

/** `lookup` failures are null; every other answer is the JSON text that goes on the wire. */
export interface CannedBatches {
  create(customIds: string[], now: number): string;
  retrieve(id: string, now: number): string | null;
  list(options: { limit: number; afterId: string | null; now: number }): string;
  /** Null too while the batch has not ended. */
  results(id: string, now: number): string | null;
  /** While held no batch ends. */
  hold(isHeld: boolean): { isHeld: boolean };
  sold(): { batches: number; items: number };
  createsSince(sinceMs: number): CreateSeen[];
}

interface Row {
  id: string;
  createdAtMs: number;
  items: number;
  /** Null once forgotten. */
  customIds: string[] | null;
  isDelivered: boolean;
  /** The JSON of the ended batch, made at its first look: a listing of a thousand rows is then one join. */
  endedJson: string | null;
}

/**
 * A provider's batches in memory. A batch is in progress until somebody looks at it, and has then ended; with a life, once
 * that is over.
 */
export function createCannedBatches(baseUrl: string, lifeMs: number | null = null): CannedBatches {
  let isHeld = false;
  const rows: Row[] = [];
  const delivered: Row[] = [];
  let items = 0;

  const find = (id: string): Row | undefined => rows[sequenceOf(id)];

  const look = (row: Row, now: number): string => {
    const isOpen = isHeld || (lifeMs !== null && now < row.createdAtMs + lifeMs);
    if (isOpen && row.endedJson === null) return batchJson(row, { endedAtMs: null, baseUrl });
    row.endedJson ??= batchJson(row, { endedAtMs: now, baseUrl });
    return row.endedJson;
  };

  return {
    create(customIds, now) {
      const id = batchIdPrefix + String(rows.length).padStart(batchIdDigits, '0');
      const row = { id, createdAtMs: now, items: customIds.length, customIds, isDelivered: false, endedJson: null };
      rows.push(row);
      items += customIds.length;
      return batchJson(row, { endedAtMs: null, baseUrl });
    },

    retrieve(id, now) {
      const row = find(id);
      return row === undefined ? null : look(row, now);
    },

    list({ limit, afterId, now }) {
      // Ids carry their row number, so a cursor is found without a search.
      const newest = afterId === null ? rows.length - 1 : sequenceOf(afterId) - 1;
      const oldest = Math.max(0, newest - limit + 1);
      const page: string[] = [];
      for (let at = newest; at >= oldest; at -= 1) page.push(look(rows[at]!, now));
      const edges = { has_more: oldest > 0, first_id: rows[newest]?.id ?? null, last_id: rows[oldest]?.id ?? null };
      return `{"data":[${page.join(',')}],${JSON.stringify(edges).slice(1)}`;
    },

    results(id, now) {
      const row = find(id);
      if (row === undefined || row.customIds === null) return null;
      look(row, now);
      if (row.endedJson === null) return null;
      if (!row.isDelivered) {
        row.isDelivered = true;
        delivered.push(row);
        if (delivered.length > deliveredBatchesKept) delivered.shift()!.customIds = null;
      }
      return resultLines(row.id, row.customIds);
    },

    hold(isNowHeld) {
      isHeld = isNowHeld;
      return { isHeld };
    },

    sold: () => ({ batches: rows.length, items }),

    createsSince(sinceMs) {
      const seen: CreateSeen[] = [];
      for (let at = rows.length - 1; at >= 0 && rows[at]!.createdAtMs >= sinceMs; at -= 1) {
        const row = rows[at]!;
        seen.push({ id: row.id, atMs: row.createdAtMs, items: row.items });
      }
      return seen.reverse();
    },
  };
}

function sequenceOf(id: string): number {
  return Number(id.slice(batchIdPrefix.length));
}

function batchJson(row: Row, { endedAtMs, baseUrl }: { endedAtMs: number | null; baseUrl: string }): string {
  const hasEnded = endedAtMs !== null;
  return JSON.stringify({
    id: row.id,
    type: 'message_batch',
    processing_status: hasEnded ? 'ended' : 'in_progress',
    request_counts: {
      processing: hasEnded ? 0 : row.items,
      succeeded: hasEnded ? row.items : 0,
      errored: 0,
      canceled: 0,
      expired: 0,
    },
    ended_at: hasEnded ? timestamp(endedAtMs) : null,
    created_at: timestamp(row.createdAtMs),
    expires_at: timestamp(row.createdAtMs + dayMs),
    archived_at: null,
    cancel_initiated_at: null,
    results_url: hasEnded ? `${baseUrl}/v1/messages/batches/${row.id}/results` : null,
  });
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

// About 600 bytes a line with a custom id of 16 characters: one template, because a canned answer costs its reader
// the same whatever it says.
const cannedMessageTail = `","type":"message","role":"assistant","model":"${cannedModel}","content":[{"type":"text","text":"${'A plausible answer of ordinary length. '.repeat(4).trim()}"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":118,"output_tokens":34,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"service_tier":"batch"}}}}\n`;

function resultLines(batchId: string, customIds: readonly string[]): string {
  const messageIdStem = `msg_${batchId.slice(-17)}`;
  let lines = '';
  for (const [index, customId] of customIds.entries()) {
    const messageId = messageIdStem + String(index).padStart(6, '0');
    lines += `{"custom_id":"${customId}","result":{"type":"succeeded","message":{"id":"${messageId}${cannedMessageTail}`;
  }
  return lines;
}
