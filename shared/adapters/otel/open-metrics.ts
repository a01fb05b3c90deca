import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Counter, Gauge, Histogram } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';
import {
  type CounterName,
  counters,
  type GaugeName,
  gauges,
  type HistogramName,
  histograms,
  type Labels,
  type Measure,
  type Telemetry,
} from '#ports/telemetry.ts';
import { bucketsOf } from './histogram-buckets.ts';

/** Measurements of a process, and the page that Prometheus reads. */
export interface Metrics extends Required<Pick<Telemetry, 'count' | 'gauge' | 'observe' | 'whenMeasured'>> {
  readonly contentType: string;
  /** Has everything measured that changes by itself, then says all of it. Never rejects. */
  text(): Promise<string>;
  close(): Promise<void>;
}

/** An engine that is away must not keep the page from being read: then gauges keep the value they had. */
const measureTimeoutMs = 2_000;
const delayResolutionMs = 20;

/**
 * Opens the meters of this process. Nothing listens: whoever serves `/metrics` asks for the text.
 * @param options.version of Flotilla
 */
export function openMetrics(options: { version: string; node: string; residentBytes: () => number }): Metrics {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const views = Object.keys(histograms).map(name => ({
    instrumentName: name,
    aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: bucketsOf(name) } } as const,
  }));
  const provider = new MeterProvider({ readers: [reader], views });
  const meter = provider.getMeter('flotilla');
  const described = <Instrument>(
    meanings: Readonly<Record<string, string>>,
    create: (name: string, options: { description: string }) => Instrument,
  ): Map<string, Instrument> =>
    new Map(Object.entries(meanings).map(([name, description]) => [name, create(name, { description })]));
  const counterOf = described<Counter>(counters, (name, given) => meter.createCounter(name, given));
  const gaugeOf = described<Gauge>(gauges, (name, given) => meter.createGauge(name, given));
  const histogramOf = described<Histogram>(histograms, (name, given) => meter.createHistogram(name, given));
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  const delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
  delay.enable();
  const measures: Measure[] = [];

  const metrics: Metrics = {
    count: (metric: CounterName, by = 1, labels?: Labels) => counterOf.get(metric)!.add(by, labels),
    gauge: (metric: GaugeName, value: number, labels?: Labels) => gaugeOf.get(metric)!.record(value, labels),
    observe: (metric: HistogramName, value: number, labels?: Labels) => histogramOf.get(metric)!.record(value, labels),
    whenMeasured: measure => void measures.push(measure),
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    async text() {
      await Promise.all(measures.map(measure => measured(measure, metrics)));
      const { resourceMetrics } = await reader.collect();
      return serializer.serialize(resourceMetrics);
    },
    async close() {
      delay.disable();
      await provider.shutdown();
    },
  };
  // A counter that was never added to would be absent, and its first rise unseen.
  for (const name of unlabelled) metrics.count(name, 0);
  metrics.whenMeasured(() => {
    metrics.gauge('flotilla_build_info', 1, { version: options.version, node: options.node });
    metrics.gauge('flotilla_resident_bytes', options.residentBytes());
    const late = delay.percentile(99) / 1e9 - delayResolutionMs / 1_000;
    metrics.gauge('flotilla_event_loop_delay_seconds', Number.isFinite(late) ? Math.max(0, late) : 0);
    delay.reset();
  });
  return metrics;
}

/** Counters without labels: they are there from the start, with 0. */
const unlabelled = [
  'flotilla_spent_nanodollars_total',
  'flotilla_individual_nanodollars_total',
  'flotilla_suspected_double_purchase_total',
  'flotilla_lost_lines_total',
  'flotilla_sweep_hints_total',
  'flotilla_measure_failures_total',
  'flotilla_spans_lost_total',
] as const satisfies readonly CounterName[];

async function measured(measure: Measure, metrics: Metrics): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('it took too long')), measureTimeoutMs);
  try {
    await Promise.race([(async () => measure())(), late]);
  } catch {
    metrics.count('flotilla_measure_failures_total');
  } finally {
    clearTimeout(timer);
  }
}
