import type { Money } from '#core/money.ts';
import { claimKey, formatRid, parseRid, type Rid } from '#core/rid.ts';
import type { BatchStateName } from '#core/view.ts';
import type { Projection } from './projection.ts';

/** A batch that one try of a document is or was in. */
export interface DocumentBatch {
  att: number;
  bk: string;
  account: string;
  state: BatchStateName;
  items: number;
  sub: number;
  pid: string | null;
  why: string | null;
  sealedAt: number;
  intentAt: number | null;
  createdAt: number | null;
  stateAt: number;
  settledAt: number | null;
}

export interface FoundDocument {
  rid: string;
  customId: string | null;
  run: string | null;
  /** Null: its record was gone from the log before it was read here. */
  appendedAt: number | null;
  batches: DocumentBatch[];
  /** When its next try is due, by the clock of who settled it; null when none is. */
  retryDueAt: number | null;
  answer: {
    outcome: string;
    cause: string | null;
    why: string | null;
    att: number;
    bk: string | null;
    cost: Money | null;
    at: number;
    /** `<partition>/<offset>` in the results topic. */
    place: string;
    /** `<partition>/<offset>` in the dead-letters topic. */
    deadLetter: string | null;
  } | null;
}

interface Row {
  partition: number;
  offset: number;
  customId: string | null;
  run: string | null;
  at: number | null;
  outcome: string | null;
  cause: string | null;
  why: string | null;
  att: number;
  bk: string | null;
  cost: number | null;
  answeredAt: number;
  result: string;
  deadLetter: string | null;
}

const columns = `partition, offset, custom_id AS customId, run, at, outcome, cause, why, att, bk, cost,
  answered_at AS answeredAt, result, dead_letter AS deadLetter`;

/** Retries are sealed again five times at most for each reason; more is not shown. */
const batchesShownMax = 50;

/**
 * The documents of a name: a `custom_id`, which several may have, or a rid. Newest first.
 * @returns none where it was never there, or is older than what is kept
 */
export function findDocuments(projection: Projection, name: string, limit: number): FoundDocument[] {
  const { db } = projection;
  const named = db
    .prepare(`SELECT ${columns} FROM documents WHERE custom_id = ? ORDER BY partition, offset DESC LIMIT ?`)
    .all(name, limit) as unknown as Row[];
  const rid = parseRid(name);
  const placed = rid
    ? (db
        .prepare(`SELECT ${columns} FROM documents WHERE partition = ? AND offset = ?`)
        .all(rid.partition, rid.offset) as unknown as Row[])
    : [];
  const rows = new Map([...placed, ...named].map(row => [formatRid(row), row]));
  return [...rows.values()].slice(0, limit).map(row => toDocument(projection, row));
}

function toDocument({ db, view }: Projection, row: Row): FoundDocument {
  const batches = db
    .prepare(`SELECT items.att, batches.bk, account, state, batches.items, sub, pid, why, sealed_at AS sealedAt,
      intent_at AS intentAt, created_at AS createdAt, state_at AS stateAt, settled_at AS settledAt
      FROM items JOIN batches ON batches.bk = items.bk
      WHERE items.partition = ? AND items.offset = ? ORDER BY items.att LIMIT ${batchesShownMax}`)
    .all(row.partition, row.offset) as unknown as DocumentBatch[];
  const { outcome, cause, why, att, bk, cost, answeredAt, result, deadLetter } = row;
  return {
    rid: formatRid(row),
    customId: row.customId,
    run: row.run,
    appendedAt: row.at,
    batches,
    retryDueAt: retryDueAt(view.retries, row, batches),
    answer: outcome === null ? null : { outcome, cause, why, att, bk, cost, at: answeredAt, place: result, deadLetter },
  };
}

/** The next try has the number after the last that was sealed. */
function retryDueAt(
  retries: ReadonlyMap<string, { notBefore: number }>,
  { partition, offset }: Rid,
  batches: readonly DocumentBatch[],
): number | null {
  const att = (batches.at(-1)?.att ?? -1) + 1;
  return retries.get(claimKey({ partition, offset, att }))?.notBefore ?? null;
}
