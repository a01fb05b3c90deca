import { FaultInjector } from '../faults/fault-injector.ts';
import { idOf } from '../faults/spoil-lines.ts';
import type { SimulatorStore, StoredCounters } from '../store/simulator-store.ts';
import { apiError, done, type Reply, refuse } from './api-error.ts';
import { BatchBook } from './batch-book.ts';
import type { BatchRecord } from './batch-record.ts';
import { type BatchTimingOptions, endOf, withCancel } from './batch-timing.ts';
import type { WireMessage } from './build-message.ts';
import { CacheTimeline } from './cache-timeline.ts';
import { chunksOf, flattenChunks } from './chunks.ts';
import { executeMessage } from './execute-message.ts';
import { foreignItems } from './foreign-items.ts';
import type { InvoicePage, InvoiceRow } from './invoice.ts';
import { type ListPage, type ListQuery, listPage } from './list-page.ts';
import type { Caller, MachineOptions, ResultsRead } from './machine-options.ts';
import { planPrompt } from './plan-prompt.ts';
import { planRecord } from './plan-record.ts';
import { planStarts } from './plan-starts.ts';
import { drawUnit, makeId } from './seeded-random.ts';
import { settleBatch } from './settle-batch.ts';
import { type UsageBucket, type UsageReportQuery, usageBuckets } from './usage-report.ts';
import { type BatchItem, itemsProblem, limitProblem } from './validate-envelope.ts';
import { type ApiVersion, validateParams } from './validate-params.ts';

const missingNewestAgeMaxMs = 60_000;
/** As the provider says of its report: typically within five minutes. */
const reportDelayMs = 300_000;
const invoicePageRows = 10_000;
/**
 * Anthropic's Message Batches and Messages API as a state machine. It has no clock, no randomness of its own and no
 * I/O but its store: what it answers follows from the seed, the calls and their `now`.
 *
 * A batch's whole future is drawn at its create. Whatever time brings (item starts, ends, the archive) is caught up on
 * at the next call, in the order in which it happened; so a process that was dead for an hour answers as if it had not.
 */
export class SimulatorMachine {
  readonly faults: FaultInjector;
  readonly seed: number;
  readonly timeScale: number;
  readonly bytesMax: number;
  readonly #store: SimulatorStore;
  readonly #timing: BatchTimingOptions;
  readonly #limits: { requestsMax: number; bytesMax: number; queuedRequestsMax: number };
  readonly #book = new BatchBook();
  readonly #cache: CacheTimeline;
  readonly #cacheHitShare: number;
  readonly #counters = { requestCount: 0, messageCount: 0, readCount: 0 };

  constructor(options: MachineOptions) {
    const { store, seed = 1, timeScale = 1, latency = 'provider-like', faults = {}, faultyReadsMax } = options;
    this.#store = store;
    this.seed = seed;
    this.timeScale = timeScale;
    this.faults = new FaultInjector({
      plan: faults,
      seed,
      ...(faultyReadsMax === undefined ? {} : { faultyReadsMax }),
    });
    this.#timing = { seed, timeScale, latency };
    this.bytesMax = options.bytesMax ?? 256 * 1024 * 1024;
    this.#limits = {
      requestsMax: options.requestsMax ?? 100_000,
      bytesMax: this.bytesMax,
      queuedRequestsMax: options.queuedRequestsMax ?? 500_000,
    };
    this.#cacheHitShare = options.cacheHitShare ?? 1;
    this.#cache = new CacheTimeline({
      ttl5mMs: 300_000 / timeScale,
      ttl1hMs: 3_600_000 / timeScale,
      firstResponseMs: (options.cacheWriteLatencyMs ?? 1_500) / timeScale,
    });
    this.#restore();
  }

  /** Makes a batch, or says why not. Params of items are not looked at yet. */
  createBatch(caller: Caller & { version: ApiVersion; items: readonly BatchItem[] }): Reply<BatchRecord> {
    const { workspace, now, items } = caller;
    this.advance(now);
    const problem = limitProblem(items, this.#limits) ?? itemsProblem(items);
    if (problem) return refuse(problem);
    if (this.#book.queuedCount(workspace) + items.length > this.#limits.queuedRequestsMax) {
      const message = 'This request would exceed the limit of queued batch requests of your workspace.';
      return refuse(apiError('rate_limit_error', message));
    }
    const foreign = this.faults.fires('batch-foreign');
    const isForeignFirst = foreign !== null && drawUnit(this.seed, 'foreign', this.#book.lastSeq) < 0.5;
    if (isForeignFirst) this.addForeignBatch({ workspace, now, itemCount: items.length });
    const record = this.#add(caller, false);
    if (foreign && !isForeignFirst) this.addForeignBatch({ workspace, now, itemCount: items.length });
    return done(record);
  }

  /** A batch of somebody else in the same workspace. */
  addForeignBatch({ workspace, now, itemCount }: Caller & { itemCount: number }): BatchRecord {
    this.advance(now);
    return this.#add({ workspace, now, version: '2026-10-21', items: foreignItems(itemCount) }, true);
  }

  getBatch({ workspace, id, now }: Caller & { id: string }): Reply<BatchRecord> {
    this.advance(now);
    const record = this.#book.find(workspace, id);
    return record ? done(record) : refuse(notFound(id));
  }

  listBatches({ workspace, now, ...query }: Caller & ListQuery): Reply<ListPage> {
    this.advance(now);
    const found = listPage(query, {
      records: this.#book.ofWorkspace(workspace),
      now,
      faults: this.faults,
      missingAgeMaxMs: missingNewestAgeMaxMs / this.timeScale,
      find: id => this.#book.find(workspace, id),
    });
    return 'error' in found ? refuse(found.error) : done(found.page);
  }

  /** Asks for a cancel; a second one changes nothing. What has started is finished and billed. */
  cancelBatch({ workspace, id, now }: Caller & { id: string }): Reply<BatchRecord> {
    this.advance(now);
    const record = this.#book.find(workspace, id);
    if (!record) return refuse(notFound(id));
    if (record.endedAt !== null) {
      return refuse(apiError('invalid_request_error', `Batch ${id} cannot be canceled: its processing has ended.`));
    }
    if (record.cancelAt !== null) return done(record);
    const isTooLate = this.faults.fires('batch-cancel-late') !== null;
    this.#save(record, withCancel(record, now, this.#timing, isTooLate));
    if (!isTooLate) this.#cache.stop(record.seq);
    return done(record);
  }

  deleteBatch({ workspace, id, now }: Caller & { id: string }): Reply<{ id: string }> {
    this.advance(now);
    const record = this.#book.find(workspace, id);
    if (!record) return refuse(notFound(id));
    if (record.endedAt === null) {
      return refuse(apiError('invalid_request_error', `Batch ${id} cannot be deleted: its processing has not ended.`));
    }
    this.#store.commit(() => {
      this.#store.dropResults(record.seq);
      this.#store.saveBatch({ ...record, isDeleted: true });
    });
    record.isDeleted = true;
    this.#book.remove(record);
    return done({ id });
  }

  /** The stored result lines, chunk by chunk. Every read of one batch gives the same. */
  readResults({ workspace, id, now }: Caller & { id: string }): Reply<ResultsRead> {
    this.advance(now);
    const record = this.#book.find(workspace, id);
    if (!record) return refuse(notFound(id));
    if (record.endedAt === null) return refuse(apiError('not_found_error', `Batch ${id} has no results yet.`));
    if (record.isArchived) return refuse(apiError('not_found_error', `The results of batch ${id} were archived.`));
    this.#counters.readCount += 1;
    const other = this.#book.neighbour(record);
    return done({
      record,
      readNumber: this.#counters.readCount,
      otherBatchId: other ? other.id : null,
      chunks: this.#store.results(record.seq),
    });
  }

  /** The first id among a batch's lines; null when it has none. */
  anyCustomId(batchId: string | null): string | null {
    const record = batchId === null ? undefined : this.#book.byId(batchId);
    if (!record) return null;
    for (const [line] of this.#store.results(record.seq)) if (line !== undefined) return idOf(line);
    return null;
  }

  /** A synchronous message, billed at full price. */
  createMessage({
    workspace,
    now,
    version,
    params,
  }: Caller & { version: ApiVersion; params: unknown }): Reply<WireMessage> {
    this.advance(now);
    const cache = this.#cache.cacheOf(workspace);
    const ordinal = this.#counters.messageCount + 1;
    const executed = executeMessage({
      params,
      version,
      workspace,
      now,
      seed: this.seed,
      ordinal,
      cache,
      cacheHitShare: this.#cacheHitShare,
    });
    if (executed.status === 'invalid') return refuse(executed.error);
    this.#counters.messageCount = ordinal;
    this.#commit(() => this.#store.addInvoiceRows([executed.bill]));
    return done(executed.message);
  }

  /** Input tokens of a request, by the same estimate as the bill. `max_tokens` may be absent. */
  countTokens({ version, params }: { version: ApiVersion; params: unknown }): Reply<{ input_tokens: number }> {
    const whole = typeof params === 'object' && params !== null ? { max_tokens: 1, ...params } : params;
    const valid = validateParams({ params: whole, version, isBatch: false });
    if (valid.status === 'invalid') return refuse(valid.error);
    return done({ input_tokens: planPrompt(valid.params).inputTokens });
  }

  /** Executed and billed items of all workspaces, oldest first; `limit` rows at most. */
  invoicePage({ now, after = 0, limit = 1_000 }: { now: number; after?: number; limit?: number }): InvoicePage {
    this.advance(now);
    const rows = this.#store.invoiceRows(after, limit);
    const isLast = rows.length < limit;
    return { rows, totals: this.#store.invoiceTotals(), nextAfter: isLast ? null : (rows.at(-1)?.number ?? null) };
  }

  /** What was billed, in buckets of time; the newest minutes are missing, as they are at the provider. */
  usageReport({ now, ...query }: UsageReportQuery & { now: number }): UsageBucket[] {
    this.advance(now);
    const knownUntil = now - reportDelayMs / this.timeScale;
    return usageBuckets(this.#invoiceUntil(knownUntil), query);
  }

  /** All batches that were ever made and not deleted, for audits and tests; in creation order. */
  batches(now: number): readonly BatchRecord[] {
    this.advance(now);
    return this.#book.all();
  }

  /** The next moment at which something happens by itself; null when nothing is under way. For virtual clocks. */
  nextEventAt(): number | null {
    return Number.isFinite(this.#book.nextEndAt) ? this.#book.nextEndAt : null;
  }

  /** A number for the ids of replies; it does not influence anything else. */
  nextRequestId(): string {
    this.#counters.requestCount += 1;
    return makeId('req', this.seed, 'reply', this.#counters.requestCount);
  }

  /** Catches up with everything that has happened until `now`. */
  advance(now: number): void {
    if (now >= this.#book.nextEndAt) {
      for (const record of this.#book.takeEnded(now)) this.#settle(record);
      this.#book.findNextEnd();
    }
    this.#cache.runUntil(now);
    for (const record of this.#book.takeArchived(now)) {
      this.#store.commit(() => {
        this.#store.dropResults(record.seq);
        this.#store.saveBatch({ ...record, isArchived: true });
      });
      record.isArchived = true;
    }
  }

  close(): void {
    this.#commit(() => {});
    this.#store.close();
  }

  *#invoiceUntil(until: number): Generator<InvoiceRow> {
    for (let after = 0, isLast = false; !isLast; ) {
      const rows = this.#store.invoiceRows(after, invoicePageRows);
      yield* rows.filter(({ at }) => at <= until);
      isLast = rows.length < invoicePageRows;
      after = rows.at(-1)?.number ?? after;
    }
  }

  #add(
    { workspace, now, version, items }: Caller & { version: ApiVersion; items: readonly BatchItem[] },
    isForeign: boolean,
  ) {
    const seq = this.#book.lastSeq + 1;
    const record = planRecord({
      seq,
      workspace,
      version,
      isForeign,
      itemCount: items.length,
      now,
      timing: this.#timing,
      faults: this.faults,
    });
    this.#commit(() => {
      let chunk = 0;
      for (const part of chunksOf(items)) {
        this.#store.addItems(seq, chunk, part);
        chunk += 1;
      }
      this.#store.saveBatch(record);
    });
    this.#book.add(record);
    this.#cache.add(seq, workspace, planStarts(record, items, this.#draws));
    return record;
  }

  #settle(record: BatchRecord): void {
    // The cache first catches up to this end only: later items of other batches must not run before earlier ones.
    this.#cache.runUntil(endOf(record));
    const cacheUsages = this.#cache.usagesOf(record.seq);
    this.#commit(() => {
      const ended = settleBatch({ record, store: this.#store, faults: this.faults, seed: this.seed, cacheUsages });
      this.#store.saveBatch(ended);
      Object.assign(record, ended);
    });
    this.#cache.forget(record.seq);
    this.#book.settled(record);
  }

  #save(record: BatchRecord, changed: BatchRecord): void {
    this.#commit(() => this.#store.saveBatch(changed));
    Object.assign(record, changed);
    this.#book.changed(record);
  }

  #commit(write: () => void): void {
    this.#store.commit(() => {
      write();
      this.#store.saveCounters({ ...this.#counters, faults: this.faults.counters() });
    });
  }

  get #draws(): { seed: number; cacheHitShare: number } {
    return { seed: this.seed, cacheHitShare: this.#cacheHitShare };
  }

  /** After a restart the cache is cold, but for what running batches have written: their starts are run again. */
  #restore(): void {
    const { batches, counters } = this.#store.load();
    if (counters) this.#restoreCounters(counters);
    for (const record of batches) {
      this.#book.add(record);
      if (record.endedAt !== null) continue;
      const starts = planStarts(record, flattenChunks(this.#store.items(record.seq)), this.#draws);
      const { stopsAt } = record;
      this.#cache.add(
        record.seq,
        record.workspace,
        stopsAt === null ? starts : starts.filter(start => start.startsAt <= stopsAt),
      );
    }
  }

  #restoreCounters({ faults, ...counts }: StoredCounters): void {
    Object.assign(this.#counters, counts);
    this.faults.restore(faults);
  }
}

function notFound(id: string) {
  return apiError('not_found_error', `Message batch ${id} not found.`);
}
