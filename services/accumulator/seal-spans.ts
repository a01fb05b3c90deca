import type { Claims } from '#core/claims.ts';
import type { Lane, LaneCloseReason, LaneItem } from '#core/lane.ts';
import { claimKey, formatRid } from '#core/rid.ts';
import { batchSpan, documentSpan, parseTraceparent, type SpanContext } from '#core/span-context.ts';
import type { Batch } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { LogRecord } from '#ports/log.ts';
import type { SpanSink } from '#ports/telemetry.ts';
import { boundedLinks } from '#runtime/span-links.ts';

interface Arrival {
  context: SpanContext;
  at: number;
}

/**
 * What a seal says of its documents' traces. Kept only while traces are on, only for documents whose trace is recorded, and
 * only until they are sealed; gone with the process, and then those spans are missing.
 */
export class SealSpans {
  readonly #spans: SpanSink;
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #arrivals = new Map<string, Arrival>();

  constructor(spans: SpanSink, clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#spans = spans;
    this.#clock = clock;
  }

  arrived(item: LaneItem, record: LogRecord): void {
    const context = parseTraceparent(record.headers.traceparent);
    if (context?.isSampled) this.#arrivals.set(claimKey(item), { context, at: record.at });
  }

  /** @param sealed the batch as the view has it; undefined when the lane won nothing */
  sealed(
    sealed: Batch | undefined,
    lane: Lane,
    { reason, claims }: { reason: LaneCloseReason | 'retry'; claims: Claims },
  ): void {
    if (sealed) this.#recordSeal(sealed, lane, reason);
    for (const item of lane.items) if (claims.has(item)) this.#arrivals.delete(claimKey(item));
  }

  forget(item: LaneItem): void {
    this.#arrivals.delete(claimKey(item));
  }

  #recordSeal({ bk, items, sealedAt }: Batch, lane: Lane, reason: string): void {
    const self = batchSpan(bk, 'batch.seal');
    const contexts: SpanContext[] = [];
    for (const item of items) {
      const arrival = this.#arrivals.get(claimKey(item));
      if (!arrival) continue;
      const rid = formatRid(item);
      const { context, at } = arrival;
      contexts.push(context);
      if (item.att > 0) continue; // its intake was told when it was first sealed
      this.#spans.record({
        name: 'document.intake',
        self: documentSpan(context, { rid, att: 0, name: 'document.intake' }),
        parent: context,
        startAt: at,
        endAt: sealedAt,
        links: [self],
        attributes: { 'flotilla.rid': rid, 'flotilla.bk': bk },
      });
    }
    const { links, leftOut } = boundedLinks(contexts);
    this.#spans.record({
      name: 'batch.seal',
      self,
      parent: null,
      startAt: this.#clock.now() - (this.#clock.monotonic() - lane.openedAt),
      endAt: sealedAt,
      links,
      attributes: {
        'flotilla.bk': bk,
        'flotilla.items': items.length,
        'flotilla.outcome': reason,
        'flotilla.links.left_out': leftOut,
      },
    });
  }
}
