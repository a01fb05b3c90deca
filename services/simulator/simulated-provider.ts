import { FlotillaError } from '#errors/flotilla-error.ts';
import type {
  BatchPage,
  BatchProvider,
  CreateOutcome,
  CreateRequest,
  ListOptions,
  RefusalReason,
  ReplyFacts,
  ResultLine,
  ResultRead,
} from '#ports/batch-provider.ts';
import { type CreateDecision, decideCreate } from './faults/decide-create.ts';
import { drawLineSpoiler, idOf, type ReadStep } from './faults/spoil-lines.ts';
import type { ApiError } from './machine/api-error.ts';
import { processingStatus } from './machine/batch-record.ts';
import { organizationId, workspaceId } from './machine/owner.ts';
import type { ResultsRead, SimulatorMachine } from './machine/simulator-machine.ts';
import type { ApiVersion } from './machine/validate-params.ts';
import { readResultLine } from './read-result-line.ts';

export interface SimulatedProviderOptions {
  machine: SimulatorMachine;
  /** A function where the key may change hands while it runs (protocol C25). */
  workspace: string | (() => string);
  /** The provider's clock, ms since the epoch. */
  now: () => number;
  /** Runs later, on the same clock: for `create-accept-late` and for calls that hang. */
  schedule: (delayMs: number, run: () => void) => void;
  version?: ApiVersion;
  baseUrl?: string;
  /** While true every call finds nobody: a create does not connect, a read throws. */
  isDown?: () => boolean;
  /** After this long a hanging create is given up, if the signal did not do it before. */
  hangMaxMs?: number;
}

const hangMaxByDefaultMs = 60_000;

/**
 * The simulator as a batch provider, without HTTP, for virtual time: every call decides at once by `now()`; only a
 * hanging create stays pending. Faults become the outcomes which an adapter would make of them.
 */
export function createSimulatedProvider(options: SimulatedProviderOptions): BatchProvider {
  const { baseUrl = 'https://simulated.invalid' } = options;
  return {
    provider: 'anthropic',
    baseUrl,
    hasLabels: false,
    create: (request, signal) => create(options, request, signal),
    list: async query => list(options, query),
    results: async pid => results(options, pid),
    cancel: async pid => cancel(options, pid),
  };
}

function create(
  options: SimulatedProviderOptions,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<CreateOutcome> {
  const { machine, version = '2026-10-21', schedule } = options;
  if (signal.aborted || options.isDown?.()) return Promise.resolve(notConnected());
  const items = request.items.map(({ customId, body }) => ({ customId, params: body }));
  const act = () => machine.createBatch({ ...callerOf(options), version, items });
  const decision = decideCreate(machine.faults);
  switch (decision.act) {
    case 'never':
      return unacted(options, decision, signal);
    case 'later':
      schedule(decision.delayMs / machine.timeScale, () => void act());
      return Promise.resolve(ambiguous('connection reset'));
    case 'now': {
      const made = act();
      if (decision.reply === 'hang') return hanging(options, signal);
      if (decision.reply !== 'normal') return Promise.resolve(ambiguous(decision.reply));
      if (made.status === 'refused') return Promise.resolve(refused(made.error, factsOf(options)));
      return Promise.resolve({ status: 'created', pid: made.value.id, facts: factsOf(options) });
    }
  }
}

function unacted(
  options: SimulatedProviderOptions,
  decision: Extract<CreateDecision, { act: 'never' }>,
  signal: AbortSignal,
): Promise<CreateOutcome> {
  switch (decision.reply) {
    case 'not-connected':
      return Promise.resolve(notConnected());
    case 'drop':
      return Promise.resolve(ambiguous('connection reset'));
    case 'hang':
      return hanging(options, signal);
    case 'refuse':
      return Promise.resolve(refused(decision.error, factsOf(options)));
  }
}

/** Pending until the caller gives up. */
function hanging(options: SimulatedProviderOptions, signal: AbortSignal): Promise<CreateOutcome> {
  return new Promise(resolve => {
    const giveUp = (): void => resolve(ambiguous('no reply'));
    signal.addEventListener('abort', giveUp, { once: true });
    options.schedule(options.hangMaxMs ?? hangMaxByDefaultMs, giveUp);
  });
}

const reasons: Partial<Record<number, RefusalReason>> = {
  400: 'invalid',
  401: 'account',
  402: 'account',
  403: 'account',
  404: 'invalid',
  413: 'too-large',
  429: 'rate-limited',
  529: 'overloaded',
};

/** Definite refusals only (protocol §6); any other status proves nothing. */
function refused(error: ApiError, facts: ReplyFacts): CreateOutcome {
  const reason = error.errorCode === 'organization_on_hold' ? 'account' : reasons[error.httpStatus];
  if (!reason) return ambiguous(`HTTP ${error.httpStatus}`);
  return {
    status: 'refused',
    reason,
    httpStatus: error.httpStatus,
    message: error.message,
    retryAfterMs: error.retryAfterSeconds === undefined ? null : error.retryAfterSeconds * 1_000,
    facts,
  };
}

function list(options: SimulatedProviderOptions, { cursor, limit }: ListOptions): BatchPage {
  const { machine } = options;
  requireUp(options);
  if (machine.faults.fires('list-503')) throw unavailable('HTTP 503');
  const reply = machine.listBatches({
    ...callerOf(options),
    limit,
    ...(cursor === undefined ? {} : { afterId: cursor }),
  });
  if (reply.status === 'refused') throw unavailable(reply.error.message);
  const { batches, hasMore } = reply.value;
  return {
    batches: batches.map(record => ({
      pid: record.id,
      createdAt: record.createdAt,
      endedAt: record.endedAt,
      hasEnded: record.endedAt !== null,
      itemCount: record.itemCount,
      label: null,
      rawStatus: processingStatus(record),
    })),
    nextCursor: hasMore ? (batches.at(-1)?.id ?? null) : null,
    facts: factsOf(options),
  };
}

function results(options: SimulatedProviderOptions, pid: string): ResultRead {
  const { machine } = options;
  requireUp(options);
  const caller = callerOf(options);
  if (machine.faults.fires('retrieve-502')) throw unavailable('HTTP 502');
  const batch = machine.getBatch({ ...caller, id: pid });
  const facts = factsOf(options);
  if (batch.status === 'refused') return { status: 'not-found', facts };
  if (batch.value.endedAt === null) return { status: 'running', facts };
  const read = machine.readResults({ ...caller, id: pid });
  if (read.status === 'refused' || machine.faults.firesOnRead('results-404', pid))
    return { status: 'not-found', facts };
  if (machine.faults.firesOnRead('results-503', pid)) throw unavailable('HTTP 503');
  const { endedAt, itemCount } = batch.value;
  const lines = linesOf(machine, read.value);
  return { status: 'ended', endedAt, lineCount: itemCount, wholeBatch: null, lines, facts };
}

function cancel(options: SimulatedProviderOptions, pid: string): ReplyFacts {
  requireUp(options);
  options.machine.cancelBatch({ ...callerOf(options), id: pid });
  return factsOf(options);
}

async function* linesOf(machine: SimulatorMachine, read: ResultsRead): AsyncGenerator<ResultLine> {
  const { record, readNumber, otherBatchId, chunks } = read;
  const spoil = drawLineSpoiler({
    faults: machine.faults,
    batchId: record.id,
    lineCount: record.lineCount,
    seed: machine.seed,
    readNumber,
    otherId: machine.anyCustomId(otherBatchId),
  });
  const lines = flattened(chunks);
  for (const step of spoil ? spoil(lines) : wholeLines(lines)) {
    if (step.type === 'reset') throw unavailable('connection reset');
    if (!step.isWhole) yield { type: 'unreadable' };
    else if (record.hugeLine && idOf(step.text) === record.hugeLine.customId) {
      yield { type: 'too-large', customId: record.hugeLine.customId };
    } else yield readResultLine(step.text);
  }
}

function* wholeLines(lines: Iterable<string>): Generator<ReadStep> {
  for (const text of lines) yield { type: 'line', text, isWhole: true };
}

function* flattened(chunks: Iterable<readonly string[]>): Generator<string> {
  for (const lines of chunks) yield* lines;
}

function callerOf({ workspace, now }: SimulatedProviderOptions) {
  return { workspace: typeof workspace === 'string' ? workspace : workspace(), now: now() };
}

/** A Date header has whole seconds. */
function factsOf(options: SimulatedProviderOptions): ReplyFacts {
  const { workspace, now } = callerOf(options);
  return { owner: `${organizationId}/${workspaceId(workspace)}`, serverDate: Math.floor(now / 1_000) * 1_000 };
}

function requireUp({ isDown }: SimulatedProviderOptions): void {
  if (isDown?.()) throw unavailable('connection refused');
}

function unavailable(why: string): FlotillaError {
  return new FlotillaError('provider-unavailable', { why, isRetryable: true });
}

function ambiguous(message: string): CreateOutcome {
  return { status: 'ambiguous', message };
}

function notConnected(): CreateOutcome {
  return {
    status: 'refused',
    reason: 'not-connected',
    httpStatus: null,
    message: 'connection refused',
    retryAfterMs: null,
    facts: null,
  };
}
