import { type Logger, pino } from 'pino';
import type { NoteValue, SpanSink, Telemetry } from '#ports/telemetry.ts';

/** A telemetry that also says what it has counted, for screens and health pages. */
export interface CountingTelemetry extends Telemetry {
  /** Sum of a counter over all labels. */
  total(metric: string): number;
  /** Every series as `name{labels}`, with its value. */
  series(): ReadonlyMap<string, number>;
}

/** Where measurements are also kept, to be read by others. */
export type MetricStore = Required<Pick<Telemetry, 'count' | 'gauge' | 'observe' | 'whenMeasured'>>;

export interface TelemetryOptions {
  level: string;
  /** A file to append to, `-` for standard output, or null for none; standard error is for people. */
  path: string | null;
  process: string;
  metrics?: MetricStore | null;
  /** Null or absent: traces are off. */
  spans?: SpanSink | null;
}

/** Decisions as JSON lines, counts in memory. Only the fields named by callers are written: ids, counts and sizes. */
export function createTelemetry(options: TelemetryOptions): CountingTelemetry {
  const { metrics, spans } = options;
  const logger = openLogger(options);
  const values = new Map<string, number>();
  const totals = new Map<string, number>();
  return {
    count(metric, by = 1, labels) {
      const key = seriesKey(metric, labels);
      values.set(key, (values.get(key) ?? 0) + by);
      totals.set(metric, (totals.get(metric) ?? 0) + by);
      metrics?.count(metric, by, labels);
    },
    gauge(metric, value, labels) {
      values.set(seriesKey(metric, labels), value);
      metrics?.gauge(metric, value, labels);
    },
    // Screens show counts; a distribution is for whoever reads metrics.
    observe: (metric, value, labels) => metrics?.observe(metric, value, labels),
    note(level, event, fields) {
      logger?.[level]({ event, ...defined(fields) });
    },
    ...(metrics ? { whenMeasured: metrics.whenMeasured } : {}),
    ...(spans ? { spans } : {}),
    total: metric => totals.get(metric) ?? 0,
    series: () => values,
  };
}

function openLogger({ level, path, process: name }: TelemetryOptions): Logger | null {
  if (path === null) return null;
  const dest = path === '-' ? 1 : path;
  return pino({ level, base: { process: name } }, pino.destination({ dest, sync: true, mkdir: path !== '-' }));
}

function seriesKey(metric: string, labels: Readonly<Record<string, string>> | undefined): string {
  if (!labels) return metric;
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return `${metric}{${pairs.join(',')}}`;
}

function defined(fields: Readonly<Record<string, NoteValue>> = {}): Record<string, NoteValue> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
