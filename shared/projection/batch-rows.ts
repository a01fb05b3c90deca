import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Amounts, Stamped } from '#core/journal.ts';
import { reduceJournal } from '#core/reduce-journal.ts';
import { reduceSettled } from '#core/reduce-settled.ts';
import type { SettledRecord } from '#core/settled.ts';
import type { Spend } from '#core/spend.ts';
import { type Batch, isSettled, type View } from '#core/view.ts';
import { type PrimeTold, SpendTable, spendOf } from './spend-rows.ts';
import type { Totals } from './totals.ts';

/** What one batch came to, as its row has it. */
interface Books {
  done: number;
  dead: number;
  retry: number;
  billed: number;
  individual: number;
  /** 0: some of it was bought at a price nobody knows. */
  isPriced: number;
}

/**
 * Batches as rows. What a record does is decided by the core's fold alone; here its outcome is written down, with the
 * times that the view forgets.
 */
export class BatchRows {
  readonly #view: View;
  readonly #totals: Totals;
  readonly #spend: SpendTable;
  readonly #sealed: StatementSync;
  readonly #item: StatementSync;
  readonly #state: StatementSync;
  readonly #settled: StatementSync;
  readonly #ahead: StatementSync;
  readonly #void: StatementSync;
  readonly #compactItems: StatementSync;
  readonly #compact: StatementSync;
  /** Batches that may have become final since the last compaction. */
  #finished = 0;

  constructor(db: DatabaseSync, { view, totals }: { view: View; totals: Totals }) {
    this.#view = view;
    this.#totals = totals;
    this.#spend = new SpendTable(db);
    // A settled record may have been read before: then its row is there.
    this.#sealed = db.prepare(`INSERT INTO batches (bk, kind, account, recipe, items, state, sealed_at, state_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT (bk) DO UPDATE SET
      kind = ?2, account = ?3, recipe = ?4, items = ?5, state = ?6, sealed_at = ?7, state_at = ?7, spend_ahead = NULL`);
    this.#item = db.prepare('INSERT OR REPLACE INTO items (partition, offset, att, bk) VALUES (?, ?, ?, ?)');
    this.#state = db.prepare(`UPDATE batches SET state = ?2, state_at = ?3, sub = ?4, pid = coalesce(?5, pid), why = ?6,
      intent_at = coalesce(?7, intent_at), created_at = coalesce(?8, created_at) WHERE bk = ?1`);
    this.#settled = db.prepare(`INSERT INTO batches
      (bk, settled_at, done, dead, retry, billed, individual, is_priced, spend_ahead)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
      ON CONFLICT (bk) DO UPDATE SET settled_at = ?2, done = ?3, dead = ?4, retry = ?5, billed = ?6, individual = ?7,
      is_priced = ?8, spend_ahead = ?9`);
    this.#ahead = db.prepare(`SELECT done, dead, retry, billed, individual, is_priced AS isPriced,
      spend_ahead AS spendAhead FROM batches WHERE bk = ? AND kind IS NULL`);
    this.#void = db.prepare('DELETE FROM batches WHERE bk = ? AND kind IS NULL');
    const old = `SELECT bk FROM batches WHERE settled_at IS NOT NULL AND state IN ('released', 'closed', 'unsent')
      ORDER BY settled_at DESC, bk DESC LIMIT -1 OFFSET ?`;
    this.#compactItems = db.prepare(`DELETE FROM items WHERE bk IN (${old})`);
    this.#compact = db.prepare(`DELETE FROM batches WHERE bk IN (${old})`);
  }

  journal(record: Stamped): void {
    if (record.kind === 'SEALED') {
      this.#seal(record);
      return;
    }
    // Taken before: a batch that is done leaves the view with its last record.
    const batch = 'bk' in record ? this.#view.batches.get(record.bk) : undefined;
    const prime = record.kind === 'PRIMED' ? this.#view.primes.get(record.id) : undefined;
    const verdict = reduceJournal(this.#view, record);
    if (verdict === 'refused') return;
    if (batch) this.#change(batch, record.at);
    // A prime is its reserve until it is known what it cost, as in the view: one that never says is spent in full.
    if (record.kind === 'PRIME')
      this.#prime({ at: record.at, amounts: record.reserve, model: record.model ?? null, primes: 1 });
    if (record.kind === 'PRIMED' && prime) {
      const { at, reserve, model } = prime;
      this.#prime({ at, amounts: negative(reserve), model, primes: -1 });
      // One that was not sent after all was none.
      const primes = prime.state === 'spent' ? 1 : 0;
      this.#prime({ at, amounts: inScopesOf(reserve, record.actual), model: record.model ?? model, primes });
    }
  }

  #prime(told: PrimeTold): void {
    this.#totals.add('billed', this.#spend.prime(told));
  }

  settled(record: SettledRecord, at: number): void {
    const { bk, done, dead, retry, cost } = record;
    if (isSettled(this.#view, bk)) return; // the first per batch counts
    const recipe = this.#view.batches.get(bk)?.recipe;
    const isAhead = recipe === undefined;
    const spend = spendOf(record, at);
    reduceSettled(this.#view, record);
    const spent = Object.values(record.runs);
    const books: Books = {
      done: done.length,
      dead: dead.length,
      retry: retry.length,
      billed: spent.reduce((sum, run) => sum + run.cost, 0),
      individual: spent.reduce((sum, run) => sum + run.individual, 0),
      isPriced: cost === null ? 0 : 1,
    };
    const { billed, individual, isPriced } = books;
    const spendAhead = isAhead && spend ? JSON.stringify(spend) : null;
    this.#settled.run(bk, at, books.done, books.dead, books.retry, billed, individual, isPriced, spendAhead);
    // Counted only with its batch: should that turn out void, nothing was settled.
    if (!isAhead) this.#count(books);
    if (!isAhead && spend) this.#spend.settled(spend, recipe);
  }

  #count({ done, dead, retry, billed, individual, isPriced }: Books): void {
    this.#finished += 1;
    this.#totals.add('settledBatches');
    this.#totals.add('settledDone', done);
    this.#totals.add('settledDead', dead);
    this.#totals.add('settledRetry', retry);
    this.#totals.add('billed', billed);
    this.#totals.add('individual', individual);
    if (!isPriced) this.#totals.add('unpricedBatches');
  }

  /** Forgets what is final, but for the newest: it is in the totals. Now and then, so that it costs little. */
  compact(keep: number): void {
    if (this.#finished < Math.max(1, keep / 20)) return;
    this.#finished = 0;
    this.#compactItems.run(keep);
    this.#compact.run(keep);
  }

  #seal(record: Extract<Stamped, { kind: 'SEALED' }>): void {
    // One that was settled before is folded after its row is written: it may leave the view at once.
    const ahead = this.#view.settledAhead.get(record.bk);
    this.#view.settledAhead.delete(record.bk);
    const verdict = reduceJournal(this.#view, record);
    const batch = this.#view.batches.get(record.bk);
    if (verdict === 'refused' || !batch) {
      if (ahead) this.#void.run(record.bk);
      return;
    }
    const books = this.#ahead.get(record.bk) as (Books & { spendAhead: string | null }) | undefined;
    const { bk, kind, account, recipe, items, state } = batch;
    this.#sealed.run(bk, kind, account, recipe, items.length, state.is, record.at);
    for (const { partition, offset, att } of items) this.#item.run(partition, offset, att, bk);
    this.#totals.add('sealedBatches');
    this.#totals.add('sealedItems', items.length);
    if (ahead) reduceSettled(this.#view, { bk, ...ahead });
    if (!books) return;
    this.#count(books);
    if (books.spendAhead !== null) this.#spend.settled(JSON.parse(books.spendAhead) as Spend, recipe);
  }

  #change({ bk, state, sub }: Batch, at: number): void {
    const why = state.is === 'aborted' || state.is === 'closed' ? state.why : null;
    const pid = state.is === 'created' ? state.pid : null;
    const intentAt = state.is === 'intent' ? state.intent.at : null;
    this.#state.run(bk, state.is, at, sub, pid, why, intentAt, state.is === 'created' ? at : null);
    if (state.is === 'released' || state.is === 'closed') this.#finished += 1;
  }
}

const negative = (amounts: Amounts): Amounts =>
  Object.fromEntries(Object.entries(amounts).map(([scope, amount]) => [scope, -amount]));

/** Whatever PRIMED leaves out was not spent; for whom it was is what PRIME said. */
const inScopesOf = (reserve: Amounts, actual: Amounts): Amounts =>
  Object.fromEntries(Object.keys(reserve).map(scope => [scope, actual[scope] ?? 0]));
