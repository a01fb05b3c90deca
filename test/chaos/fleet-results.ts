import { createHash } from 'node:crypto';
import type { IHeaders, Kafka } from 'kafkajs';
import { headerNames } from '#core/headers.ts';
import { formatRid } from '#core/rid.ts';
import { RateSeries } from './rate-series.ts';
import { TopicTail } from './topic-tail.ts';

/** A raw copy of a terminal record beside the first of its rid. */
export interface RawCopy {
  rid: string;
  first: Place;
  copy: Place;
  isIdentical: boolean;
}

export interface Place {
  partition: number;
  offset: number;
}

/** Reads the results topic: the first record of each rid counts, what else carries the same rid is kept as a raw copy. */
export class FleetResults {
  readonly #tail: TopicTail;
  readonly #seen = new Map<string, { place: Place; digest: string }>();
  readonly copies: RawCopy[] = [];
  /** Answers that carry another document's code. */
  readonly wrong: string[] = [];
  /** First answers by the moment at which they could be read. */
  readonly series = new RateSeries();

  constructor({ kafka, topic }: { kafka: Kafka; topic: string }) {
    this.#tail = new TopicTail({
      kafka,
      topic,
      onRecord: ({ partition, position, headers, value, key }) =>
        this.#take({ partition, offset: position }, { headers, value, key: String(key ?? '') }),
    });
  }

  /** Distinct documents with a terminal record. */
  get answered(): number {
    return this.#seen.size;
  }

  readTo(partition: number): number {
    return this.#tail.readTo(partition);
  }

  start(): Promise<void> {
    return this.#tail.start();
  }

  stop(): Promise<void> {
    return this.#tail.stop();
  }

  #take(place: Place, { headers, value, key }: TerminalRecord): void {
    const rid = String(headers?.[headerNames.rid] ?? `none at ${formatRid(place)}`);
    const bytes = value ?? Buffer.alloc(0);
    const digest = createHash('sha256').update(bytes).digest('base64');
    const first = this.#seen.get(rid);
    if (first) {
      this.copies.push({ rid, first: first.place, copy: place, isIdentical: first.digest === digest });
      return;
    }
    this.#seen.set(rid, { place, digest });
    this.series.add(1);
    if (String(headers?.[headerNames.outcome]) !== 'succeeded') return;
    const text = bytes.toString();
    // The code in the answer is the document's own name.
    const code = codePattern.exec(text)?.[1];
    if (code !== key) this.wrong.push(`${rid}: ${key} was answered with ${code ?? text.slice(0, 200)}`);
  }
}

interface TerminalRecord {
  headers: IHeaders | undefined;
  value: Buffer | null;
  key: string;
}

const codePattern = /"code":\s*\\?"([^"\\]+)/;
