/** What operators see of a process. Values are ids, counts and sizes, never text of a document or a key. */
export interface Telemetry {
  /** Adds to a counter. */
  count(metric: CounterName, by?: number, labels?: Readonly<Record<string, string>>): void;
  /** Sets a gauge. */
  gauge(metric: GaugeName, value: number, labels?: Readonly<Record<string, string>>): void;
  /** One log line for one decision, where it is carried out. */
  note(level: 'info' | 'warn' | 'error', event: string, fields?: Readonly<Record<string, NoteValue>>): void;
}

export type NoteValue = string | number | boolean | null | undefined;

/** Every metric with its meaning; `infra/metrics.md` is held against it by a test. */
export const counters = {
  flotilla_documents_total: 'documents put into a lane, by kind (document, reject)',
  flotilla_batches_sealed_total: 'batches sealed, by the reason why the lane closed',
  flotilla_creates_total: 'create calls sent, by outcome',
  flotilla_looks_total: 'listings of an account, by outcome',
  flotilla_resolved_total: 'ambiguous creates resolved, by how (created, absent)',
  flotilla_collected_lines_total: 'result lines of ours that were read, by what the read was (complete, short)',
  flotilla_settled_total: 'items settled, by outcome',
  flotilla_retries_total: 'retries due, by cause',
  flotilla_spent_nanodollars_total: 'spent at the provider, in 1e-9 US dollars',
  flotilla_suspected_double_purchase_total: 'creates that may have bought a batch twice (protocol §1)',
  flotilla_lost_lines_total: 'items the provider never answered',
  flotilla_sweep_hints_total: 'hints re-derived by the sweep, by queue',
  flotilla_loop_failures_total: 'rounds of a service that failed, by service and code',
} as const;
export type CounterName = keyof typeof counters;

export const gauges = {
  flotilla_open_lanes: 'lanes with documents in them',
  flotilla_open_batches: 'batches not yet settled, by state',
  flotilla_breaker_open: '1 while the breaker of an account holds back its creates',
} as const;
export type GaugeName = keyof typeof gauges;
