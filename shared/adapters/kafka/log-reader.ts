import { FlotillaError } from '#errors/flotilla-error.ts';
import type { LogRecord, ReadResult } from '#ports/log.ts';
import type { FetchedPartition } from './fetch-request.ts';
import type { KafkaClient } from './kafka-client.ts';
import { codes, KafkaError } from './kafka-error.ts';
import { type Patience, withPatience } from './patience.ts';
import { type Place, placeKey } from './place.ts';
import { SharedFetches } from './shared-fetches.ts';
import type { Span } from './span.ts';
import type { SpanCache } from './span-cache.ts';
import { unpackFetched } from './unpack-fetched.ts';

export interface LogReaderOptions {
  client: KafkaClient;
  cache: SpanCache;
  patience: Patience;
  unpackOf(topic: string): Pick<Parameters<typeof unpackFetched>[1], 'batchBytesMax' | 'onUnreadable'>;
}

interface Fetched {
  /** What was asked for, or the oldest offset there is. */
  from: number;
  spans: Span[];
  stableOffset: number;
  /** Nothing was ever there, or no longer. */
  isOutOfRange: boolean;
}

/** More of a read waits for the next one. */
const readBytesMax = 8 * 1024 * 1024;
const fetchBytes = 1024 * 1024;
/** For single records: the batch that has it, which comes whole, and hardly more. */
const singleFetchBytes = 64 * 1024;
const singlesAtOnce = 8;
const earliest = '-2';
const latest = '-1';
const readUncommitted = 0;
const readCommitted = 1;

/** Reads committed records from any offset, by the exact request for it; there is no consumer and no session. */
export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #fetches: SharedFetches;
  #unpacking: Promise<unknown> = Promise.resolve();

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#fetches = new SharedFetches(options.client);
  }

  async read(place: Place, from: number, recordsMax: number): Promise<ReadResult> {
    const key = placeKey(place);
    const records: LogRecord[] = [];
    let nextOffset = from;
    let sizeBytes = 0;
    let stableOffset: number | null = null;
    while (records.length < recordsMax && sizeBytes < readBytesMax) {
      let span = this.#options.cache.find(key, nextOffset);
      if (span === null) {
        // What is there is answered; whether there is more, the next read asks the broker.
        if (records.length > 0 && stableOffset === null) break;
        if (stableOffset !== null && nextOffset >= stableOffset) break;
        const fetched = await this.#fetch(place, nextOffset, fetchBytes);
        if (fetched.isOutOfRange) await this.#refuseBeyondEnd(place, nextOffset);
        ({ stableOffset } = fetched);
        nextOffset = Math.max(nextOffset, fetched.from);
        span = fetched.spans[0] ?? null;
        if (span === null) break;
      }
      const first = span.countBefore(nextOffset);
      const end = Math.min(span.count, first + recordsMax - records.length);
      for (const record of span.slice(first, end)) records.push(record);
      nextOffset = end === span.count ? span.next : (records.at(-1) as LogRecord).offset + 1;
      sizeBytes += span.sizeBytes;
    }
    return { records, nextOffset, isAtEnd: stableOffset !== null && nextOffset >= stableOffset };
  }

  /**
   * What lies beside each other mostly comes with one fetch, and a batch of a megabyte need not come once for each of its
   * records; only where a fetch brought nothing else that is wanted, several go side by side.
   */
  async readAt(place: Place, offsets: readonly number[]): Promise<(LogRecord | null)[]> {
    const found = new Map<number, LogRecord | null>();
    let missing = [...new Set(offsets)].toSorted((left, right) => left - right);
    for (let atOnce = 1; missing.length > 0; ) {
      const some = missing.slice(0, atOnce);
      const records = await Promise.all(some.map(offset => this.#readOne(place, offset)));
      for (const [index, offset] of some.entries()) found.set(offset, records[index] ?? null);
      const rest = missing.slice(atOnce);
      missing = rest.filter(offset => {
        const span = this.#options.cache.find(placeKey(place), offset);
        if (span !== null) found.set(offset, span.find(offset));
        return span === null;
      });
      atOnce = missing.length < rest.length ? 1 : singlesAtOnce;
    }
    return offsets.map(offset => found.get(offset) ?? null);
  }

  endOffset(place: Place): Promise<number> {
    return this.#listOffset(place, latest);
  }

  /** How far readers can come now: up to the first record of a transaction that is open. */
  stableOffset(place: Place): Promise<number> {
    return this.#listOffset(place, latest, readCommitted);
  }

  oldestOffset(place: Place): Promise<number> {
    return this.#listOffset(place, earliest);
  }

  /** The first offset appended at `at` or later; the end when there is none. */
  async offsetSince(place: Place, at: number): Promise<number> {
    const offset = await this.#listOffset(place, String(at));
    return offset < 0 ? this.endOffset(place) : offset;
  }

  /** Puts what a reply holds into the cache. One at a time: what a batch is unpacked to may be much. */
  keep(fetched: FetchedPartition, from: number): Promise<Span[]> {
    const kept = this.#unpacking.then(() => this.#keep(fetched, from));
    this.#unpacking = kept.catch(() => {});
    return kept;
  }

  async #keep(fetched: FetchedPartition, from: number): Promise<Span[]> {
    const spans = await unpackFetched(fetched, { from, ...this.#options.unpackOf(fetched.topic) });
    for (const span of spans) this.#options.cache.add(placeKey(fetched), span);
    return spans;
  }

  async #readOne(place: Place, offset: number): Promise<LogRecord | null> {
    const known = this.#options.cache.find(placeKey(place), offset);
    if (known !== null) return known.find(offset);
    const { spans } = await this.#fetch(place, offset, singleFetchBytes);
    const [span] = spans;
    return span !== undefined && span.from <= offset && offset < span.next ? span.find(offset) : null;
  }

  async #fetch(place: Place, offset: number, bytesMax: number): Promise<Fetched> {
    const { client, patience } = this.#options;
    let from = offset;
    return withPatience(client, patience, async () => {
      const fetched = await this.#fetches.fetch(place, { from, bytesMax });
      if (fetched.error === codes.offsetOutOfRange) {
        const oldest = await this.oldestOffset(place);
        if (from >= oldest) return { from, spans: [], stableOffset: from, isOutOfRange: true };
        from = oldest;
        throw new KafkaError(codes.offsetNotAvailable, placeKey(place));
      }
      if (fetched.error !== 0) throw new KafkaError(fetched.error, `read of ${placeKey(place)}`);
      const spans = await this.keep(fetched, from);
      return { from, spans, stableOffset: fetched.stableOffset, isOutOfRange: false };
    });
  }

  /**
   * What was read up to `offset` is gone, and its offsets are given out anew: whoever waited for them would miss what they stand
   * for now.
   */
  async #refuseBeyondEnd(place: Place, offset: number): Promise<void> {
    const end = await this.endOffset(place);
    if (offset <= end) return;
    const why = `reading has come to offset ${offset}, and it ends at ${end}`;
    throw new FlotillaError('log-recreated', { where: placeKey(place), why });
  }

  #listOffset(place: Place, timestamp: string, isolationLevel: 0 | 1 = readUncommitted): Promise<number> {
    const { client, patience } = this.#options;
    return withPatience(client, patience, async () => {
      const broker = await client.leader(place.topic, place.partition);
      const topics = [{ topic: place.topic, partitions: [{ partition: place.partition, timestamp }] }];
      const { responses } = await broker.listOffsets({ isolationLevel, topics });
      return Number(responses[0]?.partitions[0]?.offset);
    });
  }
}
