import type { ResultLine } from '#ports/batch-provider.ts';
import type { AnthropicAccount } from './anthropic-account.ts';
import { parseResultLine } from './parse-result-line.ts';
import { READ_RETRIES } from './request-json.ts';
import { createLineSplitter, type LineSplitter, type SplitLine } from './split-lines.ts';
import { type Deadline, startDeadline } from './start-deadline.ts';
import { toReadError } from './to-read-error.ts';

/**
 * The lines of a batch's results. Nothing is asked for before the first line is; each iteration is a download of its
 * own. Its memory is one chunk and one line.
 * @throws FlotillaError provider-unavailable | provider-auth from `next`, when the download fails or falls silent
 */
export function streamResultLines(account: AnthropicAccount, path: string): AsyncIterable<ResultLine> {
  return { [Symbol.asyncIterator]: () => new ResultLineReader(account, path) };
}

/**
 * An iterator by hand, not a generator: a chunk holds dozens of lines, and a line that is already there must cost no
 * more than one resolved promise.
 */
class ResultLineReader implements AsyncIterator<ResultLine> {
  readonly #account: AnthropicAccount;
  readonly #path: string;
  readonly #splitter: LineSplitter;
  readonly #silence: Deadline;
  #body: Promise<ReadableStreamDefaultReader<Uint8Array> | null> | null = null;
  #lines: SplitLine[] = [];
  #position = 0;
  #hasEnded = false;

  constructor(account: AnthropicAccount, path: string) {
    this.#account = account;
    this.#path = path;
    this.#splitter = createLineSplitter({ lineBytesMax: account.resultLineBytesMax });
    this.#silence = startDeadline({ ms: account.readTimeoutMs });
    // Time runs only while we wait for the server, never while the reader of the lines is busy.
    this.#silence.pause();
  }

  next(): Promise<IteratorResult<ResultLine>> {
    const line = this.#lines[this.#position];
    if (line === undefined) return this.#nextAfterRead();
    this.#position += 1;
    return Promise.resolve({ done: false, value: parseResultLine(line) });
  }

  /** The rest is not wanted: the connection is given up. */
  async return(): Promise<IteratorResult<ResultLine>> {
    this.#end();
    this.#silence.abort();
    return { done: true, value: undefined };
  }

  async #nextAfterRead(): Promise<IteratorResult<ResultLine>> {
    while (this.#position >= this.#lines.length && !this.#hasEnded) {
      const lines = await this.#readLines();
      this.#lines = [...this.#lines.slice(this.#position), ...lines];
      this.#position = 0;
    }
    return this.#position < this.#lines.length ? this.next() : { done: true, value: undefined };
  }

  async #readLines(): Promise<SplitLine[]> {
    try {
      this.#silence.restart();
      this.#body ??= this.#open();
      const chunk = await (await this.#body)?.read();
      this.#silence.pause();
      if (chunk && !chunk.done) return this.#splitter.push(chunk.value);
      this.#end();
      return this.#splitter.end();
    } catch (error) {
      this.#end();
      this.#silence.abort();
      throw toReadError(error, { account: this.#account, where: `GET ${this.#path}` });
    }
  }

  /** The content type is not looked at: for months there was none (catalogue N3). */
  async #open(): Promise<ReadableStreamDefaultReader<Uint8Array> | null> {
    const response = await this.#account.client
      .get(this.#path, {
        headers: { Accept: 'application/binary' },
        maxRetries: READ_RETRIES,
        timeout: this.#account.readTimeoutMs,
        signal: this.#silence.signal,
      })
      .asResponse();
    return response.body?.getReader() ?? null;
  }

  #end(): void {
    this.#hasEnded = true;
    this.#silence.clear();
  }
}
