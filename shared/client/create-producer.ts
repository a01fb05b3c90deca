import type { DocumentInput } from '#contracts/document-schema.ts';
import { type Answer, resultSchema } from '#contracts/result-schema.ts';
import { formatRid, parseRid } from '#core/rid.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log, LogRecord } from '#ports/log.ts';
import { AnswerTail, type ResultMarks } from './answer-tail.ts';
import { documentRecord, type SendOptions } from './document-record.ts';
import { RecordBatcher } from './record-batcher.ts';

export interface ProducerOptions {
  /** The log of the fleet; `openProducer` opens one for brokers. */
  log: Log;
  clock: Clock;
  /** How long the first document of an append waits for others, in ms. */
  lingerMs?: number;
  /** Reading answers failed; it is tried again, and whoever waits goes on waiting. */
  onTrouble?: (error: unknown) => void;
}

export interface WaitOptions {
  /** Default: 24 hours, which a provider may take. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * Publishes documents, and waits for answers if asked.
 *
 *     const producer = createProducer({ log, clock });
 *     const { rid } = await producer.send({ custom_id: 'a', task: 'summarise', content: 'The harbour …' });
 *     const answer = await producer.answer(rid, { timeoutMs: 3_600_000 });
 *     if (answer.outcome === 'succeeded') console.log(answer.output);
 *     await producer.close();
 */
export interface Producer {
  /**
   * Resolves when the document is in the log: from then on it is answered exactly once, whatever happens to this process.
   * @throws FlotillaError document-too-large | invalid-header: it was not sent
   * @throws FlotillaError log-unavailable: it may be there all the same; with an `idempotencyKey` sending it again is safe
   */
  send(document: DocumentInput, options?: SendOptions): Promise<{ rid: string }>;

  /**
   * Sends, and waits for the answer. A document that failed has an answer too: look at `outcome`.
   * @throws FlotillaError what `send` throws; no-answer-yet when the time is over
   */
  sendAndWait<Output = unknown>(
    document: DocumentInput,
    options?: SendOptions & WaitOptions,
  ): Promise<Answer<Output> & { rid: string }>;

  /**
   * The answer of a document that was sent by anybody, read_committed, the first of its rid. Reads the results from their
   * start when it is not a document of this producer.
   * @throws FlotillaError no-answer-yet when the time is over or the producer is closed; invalid-usage for what is no rid
   */
  answer<Output = unknown>(rid: string, options?: WaitOptions): Promise<Answer<Output>>;

  /** Waits for what is being sent; ends the waiting for answers. Does not close the log. */
  close(): Promise<void>;
}

const lingerMsDefault = 1;
const answerTimeoutMsDefault = 24 * 3_600_000;
/** Documents of which it is remembered where their answers can be at the earliest. */
const rememberedMax = 100_000;

/** @see Producer */
export function createProducer({ log, clock, lingerMs = lingerMsDefault, onTrouble }: ProducerOptions): Producer {
  const batcher = new RecordBatcher({ log, clock, lingerMs });
  const tail = new AnswerTail({ log, clock, onTrouble: onTrouble ?? (() => {}) });
  const sentFrom = new Map<string, ResultMarks>();
  /** Null until somebody waits: who only sends reads no results. */
  let marks: ResultMarks | null = null;

  async function send(document: DocumentInput, options: SendOptions = {}): Promise<{ rid: string }> {
    const record = documentRecord(document, options);
    const before = marks;
    const rid = formatRid(await batcher.add(record));
    if (before) remember(rid, before);
    return { rid };
  }

  function remember(rid: string, before: ResultMarks): void {
    sentFrom.set(rid, before);
    if (sentFrom.size <= rememberedMax) return;
    for (const oldest of sentFrom.keys()) {
      sentFrom.delete(oldest);
      return;
    }
  }

  async function waitFor<Output>(rid: string, from: ResultMarks, options: WaitOptions): Promise<Answer<Output>> {
    const { timeoutMs = answerTimeoutMsDefault, signal } = options;
    const ending = new AbortController();
    const end = (): void => ending.abort();
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted) end();
    void clock.sleep(timeoutMs, ending.signal).then(end);
    try {
      const record = await tail.wait(rid, from, ending.signal);
      if (record) return parseAnswer<Output>(record);
      throw new FlotillaError('no-answer-yet', { where: `document ${rid}`, isRetryable: true });
    } finally {
      end(); // the timer
      signal?.removeEventListener('abort', end);
    }
  }

  return {
    send,
    async sendAndWait<Output>(document: DocumentInput, options: SendOptions & WaitOptions = {}) {
      marks = await tail.marks(); // before it is sent: its answer stands there or later
      const { rid } = await send(document, options);
      return waitFor<Output>(rid, sentFrom.get(rid) ?? [], options);
    },
    async answer<Output>(rid: string, options: WaitOptions = {}) {
      if (!parseRid(rid)) throw new FlotillaError('invalid-usage', { where: rid, why: 'it is no rid, such as 0/17' });
      marks = await tail.marks();
      return waitFor<Output>(rid, sentFrom.get(rid) ?? [], options);
    },
    async close() {
      await batcher.flush();
      await tail.stop();
    },
  };
}

function parseAnswer<Output>({ value }: LogRecord): Answer<Output> {
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  return resultSchema.parse(JSON.parse(text)) as Answer<Output>;
}
