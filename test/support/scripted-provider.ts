import type { Usage } from '#core/cost.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type {
  BatchLabel,
  BatchPage,
  BatchProvider,
  CacheLever,
  CreateOutcome,
  CreateRequest,
  ListedBatch,
  ListOptions,
  PrimeOutcome,
  PrimeRequest,
  RefusalReason,
  ReplyFacts,
  ResultLine,
  ResultRead,
  WholeBatchEnd,
} from '#ports/batch-provider.ts';
import type { Clock } from '#ports/clock.ts';

/** What the provider does with a create: `accept` makes the batch and gives its id. */
export type CreateScript = (accept: () => string, request: CreateRequest) => CreateOutcome | Promise<CreateOutcome>;

/** What becomes of one prime. */
export type PrimeScript = (request: PrimeRequest) => PrimeOutcome | Promise<PrimeOutcome>;

/** What one read of results shows: these lines, nobody there, or lines and then an error. */
export type ReadScript = readonly ResultLine[] | 'not-found' | { error: Error; after?: readonly ResultLine[] };

export interface ScriptedBatch {
  pid: string;
  createdAt: number;
  endedAt: number | null;
  label: BatchLabel | null;
  customIds: string[];
  lines: ResultLine[];
  wholeBatch: WholeBatchEnd | null;
  /** Of the next reads; after them `lines`. */
  reads: ReadScript[];
  isListed: boolean;
}

const model = 'claude-haiku-5-5';
const primeUsage: Usage = { input: 3, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
const usage: Usage = { input: 100, output: 10, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };

export const answered = (customId: string, text = `answer to ${customId}`): ResultLine => ({
  type: 'succeeded',
  customId,
  answer: { body: { text }, text, finish: 'complete', model, usage },
});

export const errored = (
  customId: string,
  errorClass: 'document' | 'transient' | 'account' = 'transient',
): ResultLine => ({ type: 'errored', customId, errorClass, code: 'api_error', message: 'no', body: {} });

export const unavailable = (): FlotillaError => new FlotillaError('provider-unavailable', { isRetryable: true });

/** A provider that does what a test tells it; left alone it accepts every create, and ends a batch when told so. */
export class ScriptedProvider implements BatchProvider {
  readonly provider = 'anthropic';
  baseUrl = 'https://provider.invalid';
  readonly hasLabels: boolean;
  cacheLever: CacheLever = 'markers';
  owner = 'organisation/workspace';
  /** Its clock against the test's. */
  clockOffMs = 0;
  pageItems = 1_000;
  /** Every POST that was sent, in order. */
  readonly posts: CreateRequest[] = [];
  readonly batches: ScriptedBatch[] = [];
  readonly canceled: string[] = [];
  lists = 0;
  reads = 0;
  /** Of the next creates. */
  readonly creates: CreateScript[] = [];
  /** Every prime that was sent, in order. */
  readonly primed: PrimeRequest[] = [];
  /** Of the next primes; left alone they are answered. */
  readonly primes: PrimeScript[] = [];
  /** Thrown by the next lists. */
  readonly listErrors: Error[] = [];
  cancelError: Error | null = null;
  readonly #clock: Clock;

  constructor({ clock, hasLabels = false }: { clock: Clock; hasLabels?: boolean }) {
    this.#clock = clock;
    this.hasLabels = hasLabels;
  }

  get now(): number {
    return this.#clock.now() + this.clockOffMs;
  }

  get facts(): ReplyFacts {
    return { owner: this.owner, serverDate: Math.floor(this.now / 1_000) * 1_000 };
  }

  async create(request: CreateRequest): Promise<CreateOutcome> {
    this.posts.push(request);
    const { label } = request;
    const accept = (): string => this.add({ customIds: request.items.map(item => item.customId), label }).pid;
    const script = this.creates.shift();
    if (script) return script(accept, request);
    return { status: 'created', pid: accept(), facts: this.facts };
  }

  async prime(request: PrimeRequest): Promise<PrimeOutcome> {
    this.primed.push(request);
    const script = this.primes.shift();
    return script ? script(request) : { status: 'primed', model, usage: primeUsage, facts: this.facts };
  }

  /** Makes a batch, whoever asked for it. */
  add(batch: { customIds: string[]; label?: BatchLabel | null; pid?: string }): ScriptedBatch {
    const { customIds, label = null, pid = `pid-${this.batches.length + 1}` } = batch;
    const made: ScriptedBatch = {
      pid,
      createdAt: this.now,
      endedAt: null,
      label: this.hasLabels ? label : null,
      customIds,
      lines: [],
      wholeBatch: null,
      reads: [],
      isListed: true,
    };
    this.batches.push(made);
    return made;
  }

  batch(pid: string): ScriptedBatch {
    const found = this.batches.find(batch => batch.pid === pid);
    if (!found) throw new Error(`no batch ${pid}`);
    return found;
  }

  /** Ends a batch, with an answer to every item unless `linesOf` says otherwise. */
  end(batch: ScriptedBatch, linesOf: (customIds: string[]) => ResultLine[] = ids => ids.map(id => answered(id))): void {
    batch.endedAt = this.now;
    batch.lines = linesOf(batch.customIds);
  }

  endAll(): void {
    for (const batch of this.batches) if (batch.endedAt === null) this.end(batch);
  }

  /** As if it had never been made, or was deleted. */
  remove(pid: string): void {
    this.batches.splice(this.batches.indexOf(this.batch(pid)), 1);
  }

  async list({ cursor, limit }: ListOptions): Promise<BatchPage> {
    this.lists += 1;
    const error = this.listErrors.shift();
    if (error) throw error;
    const newestFirst = this.batches.filter(batch => batch.isListed).reverse();
    const start = cursor === undefined ? 0 : Number(cursor);
    const end = start + Math.min(limit, this.pageItems);
    const nextCursor = end < newestFirst.length ? String(end) : null;
    return { batches: newestFirst.slice(start, end).map(listedOf), nextCursor, facts: this.facts };
  }

  async results(pid: string): Promise<ResultRead> {
    this.reads += 1;
    const batch = this.batches.find(made => made.pid === pid);
    const { facts } = this;
    if (!batch) return { status: 'not-found', facts };
    if (batch.endedAt === null) return { status: 'running', facts };
    const read = batch.reads.shift() ?? batch.lines;
    if (read === 'not-found') return { status: 'not-found', facts };
    const { endedAt, wholeBatch, customIds } = batch;
    return { status: 'ended', endedAt, lineCount: customIds.length, wholeBatch, lines: stream(read), facts };
  }

  async cancel(pid: string): Promise<ReplyFacts> {
    if (this.cancelError) throw this.cancelError;
    this.canceled.push(pid);
    return this.facts;
  }

  refuses(reason: RefusalReason, retryAfterMs: number | null = null): CreateScript {
    return () => ({
      status: 'refused',
      reason,
      httpStatus: null,
      message: reason,
      retryAfterMs,
      facts: reason === 'not-connected' ? null : this.facts,
    });
  }
}

/** Made, but nobody is told. */
export const acceptsUnanswered: CreateScript = accept => {
  accept();
  return { status: 'ambiguous', message: 'connection reset' };
};

/** Not made, and nobody is told. */
export const dropsUnanswered: CreateScript = () => ({ status: 'ambiguous', message: 'connection reset' });

function listedOf({ pid, createdAt, endedAt, label, customIds }: ScriptedBatch): ListedBatch {
  const hasEnded = endedAt !== null;
  return { pid, createdAt, endedAt, hasEnded, itemCount: customIds.length, label, rawStatus: hasEnded ? 'ended' : '' };
}

async function* stream(read: Exclude<ReadScript, string>): AsyncGenerator<ResultLine> {
  const isWhole = !('error' in read);
  yield* isWhole ? read : (read.after ?? []);
  if (!isWhole) throw read.error;
}
