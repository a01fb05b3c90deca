import type { Span } from './span.ts';

/**
 * The stretches read last, of all partitions, by bytes. Everything in here is committed and never changes, so nothing can be
 * stale; what the broker has deleted meanwhile lingers.
 */
export class SpanCache {
  readonly #spans = new Map<Span, Span[]>();
  readonly #partitions = new Map<string, Span[]>();
  readonly #bytesMax: number;
  #sizeBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Keeps what is new in it. */
  add(partition: string, span: Span): void {
    const spans = this.#spansOf(partition);
    const before = lastFrom(spans, span.from);
    if ((spans[before]?.next ?? 0) >= span.next) return;
    // One that begins at the same offset and knows less makes way.
    const replaced = spans[before]?.from === span.from ? 1 : 0;
    const at = before + 1 - replaced;
    if (replaced === 1) this.#remove(spans[before] as Span);
    spans.splice(at, 0, span);
    this.#spans.set(span, spans);
    this.#sizeBytes += span.sizeBytes;
    for (const oldest of this.#spans.keys()) {
      if (this.#sizeBytes <= this.#bytesMax || oldest === span) break;
      this.#remove(oldest);
    }
  }

  /** The span that knows what is at `offset`. */
  find(partition: string, offset: number): Span | null {
    const spans = this.#spansOf(partition);
    const span = spans[lastFrom(spans, offset)];
    if (span === undefined || span.next <= offset) return null;
    this.#spans.delete(span);
    this.#spans.set(span, spans);
    return span;
  }

  #spansOf(partition: string): Span[] {
    const known = this.#partitions.get(partition);
    if (known !== undefined) return known;
    const spans: Span[] = [];
    this.#partitions.set(partition, spans);
    return spans;
  }

  #remove(span: Span): void {
    const spans = this.#spans.get(span) as Span[];
    spans.splice(spans.indexOf(span), 1);
    this.#spans.delete(span);
    this.#sizeBytes -= span.sizeBytes;
  }
}

/** Index of the last span that begins at or before `offset`; -1 when there is none. */
function lastFrom(spans: readonly Span[], offset: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle] as Span).from <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
