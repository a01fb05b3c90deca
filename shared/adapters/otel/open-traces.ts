import { type Attributes, type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { AlwaysOnSampler, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { SpanContext } from '#core/span-context.ts';
import type { Span, SpanName, SpanSink } from '#ports/telemetry.ts';
import { GivenIds } from './given-ids.ts';

export interface TraceOptions {
  /** Where OTLP over HTTP is taken, without `/v1/traces`. */
  endpoint: string;
  version: string;
  /** Name of this process, as `service.instance.id`. */
  process: string;
  /** Told how many spans were not exported, and why in a word. */
  onLost(spans: number, why: string): void;
  queueMax?: number;
  exportEveryMs?: number;
}

export interface Traces {
  spans: SpanSink;
  /** Sends what waits, for a bounded time. */
  close(): Promise<void>;
}

/** Spans that wait for their export at most: a settled batch has up to 1,000 at once. What is beyond is lost, and counted. */
const queueMaxDefault = 16_384;
const exportEveryMsDefault = 1_000;
const exportTimeoutMs = 10_000;
const closeTimeoutMs = 3_000;
const perExportMax = 512;

/**
 * Starts the Node SDK and sends ended spans to an OTLP collector. The SDK registers itself for the whole process, so one
 * may be open at a time. Nothing is instrumented by itself: every span is one of ours. Headers and compression of the exporter are those of `OTEL_EXPORTER_OTLP_HEADERS` and its like.
 */
export function openTraces(options: TraceOptions): Traces {
  const { queueMax = queueMaxDefault, exportEveryMs = exportEveryMsDefault } = options;
  const ids = new GivenIds();
  let waiting = 0;
  const exporter = counted(
    new OTLPTraceExporter({ url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`, timeoutMillis: exportTimeoutMs }),
    (spans, why) => {
      waiting -= spans;
      if (why !== null) options.onLost(spans, why);
    },
  );
  const sdk = new NodeSDK({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.name': 'flotilla',
        'service.version': options.version,
        'service.instance.id': options.process,
      }),
    ),
    autoDetectResources: false,
    idGenerator: ids,
    // Metrics are pulled, logs are lines: neither leaves by this way, whatever the environment says.
    metricReaders: [],
    logRecordProcessors: [],
    textMapPropagator: null,
    // Whether a trace is recorded was decided where it began; what is not never comes here.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: queueMax,
        maxExportBatchSize: Math.min(perExportMax, queueMax),
        scheduledDelayMillis: exportEveryMs,
        exportTimeoutMillis: exportTimeoutMs,
      }),
    ],
  });
  sdk.start();
  const tracer = trace.getTracer('flotilla', options.version);

  function record(span: Span): void {
    if (!span.self.isSampled) return;
    if (waiting >= queueMax) {
      options.onLost(1, 'queue-full');
      return;
    }
    waiting += 1;
    ids.next = span.self;
    const started = tracer.startSpan(
      span.name,
      {
        kind: kindOf(span.name),
        root: span.parent === null,
        startTime: instant(Math.min(span.startAt, span.endAt)), // two clocks may have been asked
        attributes: plainAttributes(span.attributes),
        links: span.links.map(context => ({ context: toApi(context) })),
      },
      contextOf(span.parent),
    );
    if (span.failure !== undefined) started.setStatus({ code: SpanStatusCode.ERROR, message: plainText(span.failure) });
    started.end(instant(span.endAt));
  }

  return {
    spans: { record },
    async close() {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, closeTimeoutMs);
      await Promise.race([sdk.shutdown().catch(() => {}), late]);
      clearTimeout(timer);
      trace.disable();
    },
  };
}

/** The SDK takes a number below the process's age, in ms, for a time since the process began. */
const instant = (at: number): Date => new Date(at);

const kindOf = (name: SpanName): SpanKind =>
  name === 'batch.create' || name === 'batch.collect' ? SpanKind.CLIENT : SpanKind.INTERNAL;

const contextOf = (parent: SpanContext | null): Context =>
  parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, toApi(parent));

const toApi = ({ traceId, spanId, isSampled }: SpanContext) => ({
  traceId,
  spanId,
  traceFlags: isSampled ? 1 : 0,
  isRemote: true,
});

/** A wall: whatever a caller says, what has spaces or is long is text, and text stays here. */
const plainText = (value: string): string => (/^[\x21-\x7e]{0,128}$/.test(value) ? value : '[text]');

const plainAttributes = (attributes: Span['attributes']): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'string' ? plainText(value) : value]),
  );

/** The exporter, with what became of its spans told. */
function counted(inner: SpanExporter, onEnd: (spans: number, why: string | null) => void): SpanExporter {
  return {
    export(spans, callback) {
      inner.export(spans, result => {
        onEnd(spans.length, result.code === 0 ? null : (result.error?.name ?? 'failed'));
        callback(result);
      });
    },
    shutdown: () => inner.shutdown(),
    forceFlush: () => inner.forceFlush?.() ?? Promise.resolve(),
  };
}
