import { forgetOldest } from '#core/forget-oldest.ts';
import { headerNames } from '#core/headers.ts';
import { formatRid } from '#core/rid.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { NewRecord } from '#ports/log.ts';
import type { Embedded } from './embedded.ts';

/** One line of the results, as it stands in `--out`. */
export interface Answer {
  custom_id: string | null;
  /** `<partition>/<offset>` of the document in the log. */
  rid: string;
  outcome: string;
  output?: unknown;
  body?: unknown;
  cause?: string;
  [more: string]: unknown;
}

interface Waiting {
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

const recordsPerRead = 500;
const waitMs = 1_000;
const earlyMax = 1_000;

/** Hands answers to those in this process who wait for them: a tail of the results, by rid. */
export class AnswerDesk {
  readonly #embedded: Embedded;
  readonly #waiting = new Map<string, Waiting>();
  readonly #stopping = new AbortController();
  /** Answers that came between an append and its offset being known. */
  readonly #early = new Map<string, Answer>();
  #appending = 0;
  #offset: number;
  readonly #tail: Promise<void>;

  private constructor(embedded: Embedded, from: number) {
    this.#embedded = embedded;
    this.#offset = from;
    this.#tail = this.#follow();
  }

  static async open(embedded: Embedded): Promise<AnswerDesk> {
    return new AnswerDesk(embedded, await embedded.log.endOffset('results', 0));
  }

  async enqueue(
    document: Readonly<Record<string, unknown>>,
    { task, idempotencyKey }: { task?: string; idempotencyKey?: string },
  ): Promise<Answer> {
    const headers = {
      ...(task === undefined ? {} : { [headerNames.task]: task }),
      ...(idempotencyKey === undefined ? {} : { [headerNames.idempotencyKey]: idempotencyKey }),
    };
    const record = { key: null, value: Buffer.from(JSON.stringify(document)), headers };
    const rid = await this.#append(record);
    const early = this.#early.get(rid);
    this.#early.delete(rid);
    if (early) return early;
    return new Promise<Answer>((resolve, reject) => this.#waiting.set(rid, { resolve, reject }));
  }

  async #append(record: NewRecord): Promise<string> {
    this.#appending += 1;
    try {
      const { offsets } = await this.#embedded.log.append({ topic: 'documents', partition: 0, records: [record] });
      return formatRid({ partition: 0, offset: offsets[0] as number });
    } finally {
      this.#appending -= 1;
    }
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#tail;
    const why = 'the fleet was closed before the answer came; it is answered when it is opened again';
    for (const { reject } of this.#waiting.values()) reject(new FlotillaError('engine-lost', { why }));
    this.#waiting.clear();
  }

  async #follow(): Promise<void> {
    const { log } = this.#embedded;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        // Another process may have been the engine and gone since.
        await this.#embedded.becomeEngine();
        if ((await this.#deliver()) > 0) continue;
        await log.waitForMore([{ topic: 'results', partition: 0, from: this.#offset }], waitMs, signal);
      } catch (error) {
        this.#embedded.telemetry.note('warn', 'answers-unread', { error: String(error) });
        await new Promise(resolve => setTimeout(resolve, waitMs));
      }
    }
  }

  async #deliver(): Promise<number> {
    const query = { topic: 'results', partition: 0, from: this.#offset, recordsMax: recordsPerRead } as const;
    const { records, nextOffset } = await this.#embedded.log.read(query);
    this.#offset = nextOffset;
    for (const { headers, value } of records) {
      const rid = headers[headerNames.rid] ?? '';
      const waiting = this.#waiting.get(rid);
      if (!waiting && this.#appending === 0) continue;
      const answer = JSON.parse(Buffer.from(value).toString('utf8')) as Answer;
      this.#waiting.delete(rid);
      if (waiting) waiting.resolve(answer);
      else this.#keepEarly(rid, answer);
    }
    return records.length;
  }

  /** Most of these are other processes' documents: only the newest can be ours. */
  #keepEarly(rid: string, answer: Answer): void {
    this.#early.set(rid, answer);
    forgetOldest(this.#early, earlyMax);
  }
}
