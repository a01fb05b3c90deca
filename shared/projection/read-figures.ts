import type { Money } from '#core/money.ts';
import type { BatchStateName } from '#core/view.ts';
import type { Projection } from './projection.ts';
import type { TotalName } from './totals.ts';

export interface StateFigures {
  state: BatchStateName;
  batches: number;
  items: number;
  /** When the oldest of them was sealed, by the log's clock. */
  oldestAt: number;
}

export interface BatchFigures {
  bk: string;
  kind: string;
  account: string;
  /** Null for documents in the provider's own shape. */
  task: string | null;
  state: BatchStateName;
  items: number;
  sub: number;
  pid: string | null;
  sealedAt: number;
  /** Since when it is in this state. */
  stateAt: number;
}

export interface SettledFigures {
  bk: string;
  items: number;
  done: number;
  dead: number;
  retry: number;
  cost: Money | null;
  sealedAt: number;
  settledAt: number;
}

export interface CauseFigures {
  cause: string;
  class: string;
  count: number;
  lastAt: number;
  sample: { rid: string; customId: string | null; why: string };
}

/** What screens show of the log, all of one moment. */
export interface Figures {
  fleet: string | null;
  totals: Record<TotalName, number>;
  /** Batches that are not settled. */
  states: StateFigures[];
  /** The longest open first. */
  open: BatchFigures[];
  /** The newest first. */
  settled: SettledFigures[];
  /** The most frequent first. */
  causes: CauseFigures[];
  /** Tasks by the hash of their recipes. */
  tasks: ReadonlyMap<string, string>;
  /** Documents that wait for their next try. */
  retriesWaiting: number;
  canceledRuns: number;
  /** What a newer version wrote, which these figures lack. */
  unknown: string | null;
}

export interface FigureBounds {
  openMax: number;
  settledMax: number;
  causesMax: number;
}

export function readFigures({ db, view, totals }: Projection, bounds: FigureBounds): Figures {
  const all = <Row>(sql: string, ...values: number[]): Row[] => db.prepare(sql).all(...values) as unknown as Row[];
  const causes = all<Omit<CauseFigures, 'sample'> & { rid: string; customId: string | null; why: string }>(
    `SELECT cause, class, count, last_at AS lastAt, sample_rid AS rid, sample_custom_id AS customId, sample_why AS why
    FROM causes ORDER BY count DESC, cause LIMIT ?`,
    bounds.causesMax,
  );
  return {
    fleet: view.fleet?.id ?? null,
    totals: totals.read(),
    states: all<StateFigures>(`SELECT state, count(*) AS batches, sum(items) AS items, min(sealed_at) AS oldestAt
      FROM batches WHERE settled_at IS NULL GROUP BY state ORDER BY state`),
    open: all<BatchFigures>(
      `SELECT bk, kind, account, recipes.task, state, items, sub, pid, sealed_at AS sealedAt, state_at AS stateAt
      FROM batches LEFT JOIN recipes ON recipes.hash = batches.recipe
      WHERE settled_at IS NULL ORDER BY sealed_at, bk LIMIT ?`,
      bounds.openMax,
    ),
    settled: all<SettledFigures>(
      `SELECT bk, items, done, dead, retry, iif(is_priced, billed, NULL) AS cost,
      sealed_at AS sealedAt, settled_at AS settledAt FROM batches WHERE settled_at IS NOT NULL AND sealed_at IS NOT NULL ORDER BY settled_at DESC, bk DESC LIMIT ?`,
      bounds.settledMax,
    ),
    causes: causes.map(({ rid, customId, why, ...cause }) => ({ ...cause, sample: { rid, customId, why } })),
    tasks: new Map(
      all<{ hash: string; task: string }>(
        'SELECT hash, task FROM recipes WHERE task IS NOT NULL ORDER BY hash LIMIT 1000',
      ).map(({ hash, task }) => [hash, task]),
    ),
    retriesWaiting: view.retries.size,
    canceledRuns: view.canceledRuns.size,
    unknown: view.unknown?.what ?? null,
  };
}
