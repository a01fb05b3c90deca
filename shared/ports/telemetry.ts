import type { SpanContext } from '../core/span-context.ts';

/** What operators see of a process. Values are ids, counts and sizes, never text of a document or a key. */
export interface Telemetry {
  /** Adds to a counter. */
  count(metric: CounterName, by?: number, labels?: Labels): void;
  /** Sets a gauge. */
  gauge(metric: GaugeName, value: number, labels?: Labels): void;
  /** Adds one measurement to a histogram. */
  observe(metric: HistogramName, value: number, labels?: Labels): void;
  /** One log line for one decision, where it is carried out. */
  note(level: 'info' | 'warn' | 'error', event: string, fields?: Readonly<Record<string, NoteValue>>): void;
  /**
   * Registers what sets gauges that change by themselves, such as an age. Called before gauges are read; absent where
   * nobody reads them. What it throws is noted and stops nobody.
   */
  readonly whenMeasured?: (measure: Measure) => void;
  /** Where spans go; absent while traces are off, and then nobody gathers anything for them. */
  readonly spans?: SpanSink;
}

export type Labels = Readonly<Record<string, string>>;
export type NoteValue = string | number | boolean | null | undefined;
export type Measure = () => void | Promise<void>;

/**
 * Takes spans that have ended. MUST NOT throw and MUST NOT wait. Not promised: that a span arrives. It is gone with its
 * process, and with a full queue; nothing is ever decided by one.
 */
export interface SpanSink {
  record(span: Span): void;
}

/** A piece of work that has ended. Its ids come from the log, so that every process knows those of every other. */
export interface Span {
  name: SpanName;
  self: SpanContext;
  /** Null at the root of a trace. */
  parent: SpanContext | null;
  /** Ms since the epoch. */
  startAt: number;
  endAt: number;
  links: readonly SpanContext[];
  attributes: Readonly<Partial<Record<SpanAttribute, string | number>>>;
  /** Why it failed, as a code; absent when it did not. */
  failure?: string | undefined;
}

/** Every metric with its meaning; `infra/metrics.md` is held against it by a test. Units end the names. */
export const counters = {
  flotilla_documents_total: 'documents put into a lane and sealed, by kind (batch, reject, reuse)',
  flotilla_batches_sealed_total: 'batches sealed, by the reason why the lane closed',
  flotilla_creates_total: 'create calls sent, by outcome',
  flotilla_primes_total: 'calls sent that write a cache entry before a batch, by outcome (primed, refused, ambiguous)',
  flotilla_cache_plans_total:
    'batches sealed, by what is planned for their cache (marked, held-back, shadow, none); none where it is off',
  flotilla_looks_total: 'listings of an account, by outcome',
  flotilla_resolved_total: 'ambiguous creates resolved, by how (created, absent)',
  flotilla_collected_lines_total: 'result lines of ours that were read, by what the read was (complete, short)',
  flotilla_settled_total: 'items settled with an answer, by outcome (succeeded, dead)',
  flotilla_dead_letters_total: 'dead letters, by cause',
  flotilla_retries_total: 'retries due, by cause',
  flotilla_tokens_total:
    'tokens of settled batches, by kind (input, output, cache-read, cache-write-5m, cache-write-1h)',
  flotilla_spent_nanodollars_total: 'spent at the provider, in 1e-9 US dollars',
  flotilla_uncached_nanodollars_total:
    'what the same tokens would have cost in batches without a cache, in 1e-9 US dollars',
  flotilla_prime_nanodollars_total: 'spent on calls that write a cache entry before a batch, in 1e-9 US dollars',
  flotilla_cache_items_total:
    'answered items of batches with a cache plan, by use (marked, held-back, shadow) and whether they read from the cache (hit, miss)',
  flotilla_individual_nanodollars_total: 'what the answers would have cost as single calls, in 1e-9 US dollars',
  flotilla_answer_lookups_total: 'documents whose answer was there or under way, and others, by result (hit, miss)',
  flotilla_answers_reused_total: 'documents answered with the answer of another',
  flotilla_answers_reused_nanodollars_total: 'what those would have cost as batch items, in 1e-9 US dollars',
  flotilla_suspected_double_purchase_total: 'creates that may have bought a batch twice (protocol §1)',
  flotilla_lost_lines_total: 'items the provider never answered',
  flotilla_sweep_hints_total: 'hints re-derived by the sweep',
  flotilla_provider_calls_total:
    'calls to the provider, by operation (create, prime, list, results, cancel) and outcome',
  flotilla_loop_failures_total: 'rounds of a service that failed, by loop and code',
  flotilla_measure_failures_total: 'measurements that failed or took too long; their gauges keep the value they had',
  flotilla_spans_lost_total: 'spans that were not exported',
} as const;
export type CounterName = keyof typeof counters;

/** Those of the log are the same in every process: take the greatest. Those of a process add up. */
export const gauges = {
  flotilla_open_lanes: 'lanes of this process with documents in them',
  flotilla_lane_documents: 'documents in open lanes of this process',
  flotilla_oldest_lane_seconds: 'age of the oldest open lane of this process; 0 without one',
  flotilla_open_batches: 'batches not yet retired, by state; of the log',
  flotilla_oldest_batch_seconds: 'age since its seal of the oldest such batch, by state; 0 without one; of the log',
  flotilla_parked_batches: 'batches that this process holds back before their create, by why',
  flotilla_retries_waiting: 'retries that are not sealed yet; of the log',
  flotilla_retry_overdue_seconds: 'how long the oldest retry has been due; 0 when none is; of the log',
  flotilla_lag_records:
    'records between what this process has done with a topic and its end, by topic: documents sealed, journal and settled read',
  flotilla_queue_jobs: 'jobs in the work queue, due or not, by queue; of the fleet',
  flotilla_work_underway: 'pieces of work that this process is at, by work',
  flotilla_oldest_work_seconds: 'how long this process has been at the oldest of them, by work; 0 when at none',
  flotilla_breaker_open: '1 while the breaker of an account holds back its creates, by account',
  flotilla_draining: '1 while this process finishes what is under way and takes nothing new',
  flotilla_resident_bytes: 'memory of this process',
  flotilla_event_loop_delay_seconds: '99th percentile of how late timers of this process were since the last reading',
  flotilla_build_info: '1, with the version of Flotilla and of Node',
} as const;
export type GaugeName = keyof typeof gauges;

export const histograms = {
  flotilla_work_seconds: 'run time of a piece of work, by work and outcome (done, again, failed)',
  flotilla_work_wait_seconds:
    'how long a piece of work had been possible when it was begun, by what the log says, by work (submit, collect, retry)',
  flotilla_stage_seconds:
    'life of a batch by stage: sealed, from the first document of its lane; created, from its seal; settled, from its create',
  flotilla_provider_call_seconds: 'duration of a call to the provider until its reply, by operation',
  flotilla_lane_fill_ratio: 'documents of a sealed lane, as a share of what it may hold',
  flotilla_drain_seconds: 'from being told to stop until nothing was under way any more',
} as const;
export type HistogramName = keyof typeof histograms;

/** Every span with its meaning; `infra/metrics.md` shows them too. */
export const spans = {
  'document.intake': 'in the document’s trace: from its append to the seal of its batch; links to `batch.seal`',
  'document.retry':
    'in the document’s trace: one try, from the seal of its batch to a settle after which it is tried again; links to `batch.settle`',
  'document.answer':
    'in the document’s trace: the last try, from the seal of its batch to its one answer or dead letter; links to `batch.settle`',
  'batch.seal': 'root of a batch’s trace: from the opening of its lane to its seal; links to its documents',
  'batch.create': 'one create call, from before the POST to its reply',
  'batch.collect': 'one read of a batch’s results',
  'batch.settle': 'from the complete read to the commit of its answers; links to its documents',
} as const;
export type SpanName = keyof typeof spans;

/** Attributes of spans: ids, counts, sizes, and names that come from the configuration or from a closed list. */
export const spanAttributes = {
  'flotilla.rid': 'record id of a document, as partition/offset',
  'flotilla.att': 'purchase of that document, from 0',
  'flotilla.bk': 'batch key',
  'flotilla.sub': 'submission of a batch, from 1',
  'flotilla.items': 'documents in a batch',
  'flotilla.links.left_out': 'documents of a batch with a trace of their own that have no link here: there is a bound',
  'flotilla.outcome': 'how it ended',
  'flotilla.cause': 'code of what a dead letter or a retry comes from',
  'flotilla.lines': 'result lines that were read',
  'flotilla.done': 'documents answered',
  'flotilla.dead': 'dead letters',
  'flotilla.retry': 'documents that are tried again',
  'flotilla.cost.nanodollars': 'what was spent, in 1e-9 US dollars',
  'gen_ai.operation.name': 'always `chat`',
  'gen_ai.provider.name': 'the provider',
  'gen_ai.request.model': 'the model, when the price table knows it',
  'gen_ai.usage.input_tokens': 'input tokens of the answer, without those of the cache',
  'gen_ai.usage.output_tokens': 'output tokens of the answer',
  'gen_ai.usage.cache_read.input_tokens': 'input tokens of the answer that came from the cache',
} as const;
export type SpanAttribute = keyof typeof spanAttributes;
