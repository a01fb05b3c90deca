import { type Logger, pino } from 'pino';
import type { NoteValue, Telemetry } from '#ports/telemetry.ts';

/** A telemetry that also says what it has counted, for screens and health pages. */
export interface CountingTelemetry extends Telemetry {
  /** Sum of a counter over all labels. */
  total(metric: string): number;
  /** Every series as `name{labels}`, with its value. */
  series(): ReadonlyMap<string, number>;
}

/**
 * Decisions as JSON lines, counts in memory. Only the fields named by callers are written: ids, counts and sizes.
 * @param options.path a file to append to, or null for none; standard error is for people
 */
export function createTelemetry(options: { level: string; path: string | null; process: string }): CountingTelemetry {
  const logger = openLogger(options);
  const values = new Map<string, number>();
  const totals = new Map<string, number>();
  return {
    count(metric, by = 1, labels) {
      const key = seriesKey(metric, labels);
      values.set(key, (values.get(key) ?? 0) + by);
      totals.set(metric, (totals.get(metric) ?? 0) + by);
    },
    gauge(metric, value, labels) {
      values.set(seriesKey(metric, labels), value);
    },
    note(level, event, fields) {
      logger?.[level]({ event, ...defined(fields) });
    },
    total: metric => totals.get(metric) ?? 0,
    series: () => values,
  };
}

function openLogger({
  level,
  path,
  process: name,
}: {
  level: string;
  path: string | null;
  process: string;
}): Logger | null {
  if (path === null) return null;
  return pino({ level, base: { process: name } }, pino.destination({ dest: path, sync: true, mkdir: true }));
}

function seriesKey(metric: string, labels: Readonly<Record<string, string>> | undefined): string {
  if (!labels) return metric;
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return `${metric}{${pairs.join(',')}}`;
}

function defined(fields: Readonly<Record<string, NoteValue>> = {}): Record<string, NoteValue> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
