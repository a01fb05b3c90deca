import { priceOf } from '#core/cost.ts';
import { toNanodollars } from '#core/money.ts';
import type { Recipe } from '#core/recipe.ts';
import { formatRid, type Rid } from '#core/rid.ts';
import type { Settlement } from '#core/settle/settle-batch.ts';
import { batchSpan, documentSpan, parseTraceparent, type SpanContext } from '#core/span-context.ts';
import type { Terminal } from '#core/terminal.ts';
import type { Batch } from '#core/view.ts';
import type { Span, SpanSink } from '#ports/telemetry.ts';
import type { ReadDocument } from '#runtime/document-reader.ts';
import { requestFacts } from '#runtime/routing.ts';
import { boundedLinks } from '#runtime/span-links.ts';
import type { BatchRead } from './read-batch.ts';

/** One read of a batch's results. Reads are repeated, so each is told by when it began. */
export function collectSpan(
  { bk }: Batch,
  { read, startAt, endAt }: { read: BatchRead; startAt: number; endAt: number },
): Span {
  return {
    name: 'batch.collect',
    self: batchSpan(bk, 'batch.collect', startAt),
    parent: batchSpan(bk, 'batch.seal'),
    startAt,
    endAt,
    links: [],
    attributes: { 'flotilla.bk': bk, 'flotilla.lines': read.read.lines.size, 'flotilla.outcome': read.is },
    ...(read.is === 'complete' ? {} : { failure: read.is }),
  };
}

export interface SettledBatch {
  batch: Batch;
  settlement: Settlement;
  documents: ReadonlyMap<string, ReadDocument>;
  /** Null for rejects. */
  recipe: Recipe | null;
  /** Ms since the epoch: with the complete read, and after the commit. */
  startAt: number;
  endAt: number;
}

/** Spans of a settle that has been committed: the batch's, and one in each document's own trace. */
export function recordSettle(spans: SpanSink, settled: SettledBatch): void {
  const { batch, settlement, documents } = settled;
  const { bk, items } = batch;
  const contexts = items.flatMap(item => contextOf(documents, item) ?? []);
  const { links, leftOut } = boundedLinks(contexts);
  const { done, dead, retry, cost } = settlement.settled;
  const self = batchSpan(bk, 'batch.settle');
  spans.record({
    name: 'batch.settle',
    self,
    parent: batchSpan(bk, 'batch.seal'),
    startAt: settled.startAt,
    endAt: settled.endAt,
    links,
    attributes: {
      'flotilla.bk': bk,
      'flotilla.items': items.length,
      'flotilla.done': done.length,
      'flotilla.dead': dead.length,
      'flotilla.retry': retry.length,
      ...(cost === null ? {} : { 'flotilla.cost.nanodollars': toNanodollars(cost) }),
      'flotilla.links.left_out': leftOut,
    },
  });
  if (contexts.length === 0) return;
  for (const terminal of settlement.terminals) record(spans, answerSpan(terminal, settled));
  for (const { p: partition, o: offset, att, cause } of retry) {
    const rid = { partition, offset };
    record(
      spans,
      trySpan(rid, { name: 'document.retry', att: att - 1, settled, attributes: { 'flotilla.cause': cause } }),
    );
  }
}

const record = (spans: SpanSink, span: Span | null): void => void (span && spans.record(span));

/** Null for a document without a trace that is recorded. */
function contextOf(documents: SettledBatch['documents'], rid: Rid): SpanContext | null {
  const context = parseTraceparent(documents.get(formatRid(rid))?.record.headers.traceparent);
  return context?.isSampled ? context : null;
}

function answerSpan(terminal: Terminal, settled: SettledBatch): Span | null {
  const { rid, att, outcome, failure, usage } = terminal;
  return trySpan(rid, {
    name: 'document.answer',
    att,
    settled,
    failure: failure?.cause,
    attributes: {
      'flotilla.outcome': outcome,
      ...(failure ? { 'flotilla.cause': failure.cause } : {}),
      ...modelOf(rid, settled),
      ...(usage
        ? {
            'gen_ai.usage.input_tokens': usage.input,
            'gen_ai.usage.output_tokens': usage.output,
            'gen_ai.usage.cache_read.input_tokens': usage.cacheRead,
          }
        : {}),
    },
  });
}

interface Try {
  name: 'document.answer' | 'document.retry';
  att: number;
  settled: SettledBatch;
  attributes: Span['attributes'];
  failure?: string | undefined;
}

function trySpan(rid: Rid, { name, att, settled, attributes, failure }: Try): Span | null {
  const { batch, documents, endAt } = settled;
  const context = contextOf(documents, rid);
  if (!context) return null;
  const text = formatRid(rid);
  return {
    name,
    self: documentSpan(context, { rid: text, att, name }),
    parent: context,
    startAt: batch.sealedAt,
    endAt,
    links: [batchSpan(batch.bk, 'batch.settle')],
    attributes: { 'flotilla.rid': text, 'flotilla.att': att, 'flotilla.bk': batch.bk, ...attributes },
    failure,
  };
}

/** A model that the price table does not know may be any text that somebody has put into a document. */
function modelOf(rid: Rid, { documents, recipe, batch }: SettledBatch): Span['attributes'] {
  const parsed = documents.get(formatRid(rid))?.parsed;
  if (!recipe || parsed?.is !== 'document') return {};
  const { model } = requestFacts(parsed.document, recipe);
  if (priceOf(model, { promptTokens: 0, at: batch.sealedAt }) === null) return {};
  return { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': recipe.provider, 'gen_ai.request.model': model };
}
