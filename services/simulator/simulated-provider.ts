import { FlotillaError } from '#errors/flotilla-error.ts';
import type {
  BatchPage,
  BatchProvider,
  CreateOutcome,
  CreateRequest,
  ListOptions,
  NotBought,
  PrimeOutcome,
  PrimeRequest,
  ReplyFacts,
  ResultLine,
  ResultRead,
} from '#ports/batch-provider.ts';
import { ambiguous, notConnected, refused, tooLate } from './create-outcome.ts';
import { type CallDecision, decideCreate } from './faults/decide-create.ts';
import { decideMessage } from './faults/decide-message.ts';
import { drawLineSpoiler, idOf, type ReadStep } from './faults/spoil-lines.ts';
import type { Reply } from './machine/api-error.ts';
import { type BatchRecord, processingStatus } from './machine/batch-record.ts';
import type { WireMessage } from './machine/build-message.ts';
import { flattenChunks } from './machine/chunks.ts';
import type { ResultsRead } from './machine/machine-options.ts';
import { organizationId, workspaceId } from './machine/owner.ts';
import type { SimulatorMachine } from './machine/simulator-machine.ts';
import type { ApiVersion } from './machine/validate-params.ts';
import { readMessage, readResultLine } from './read-result-line.ts';

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
    cacheLever: 'markers',
    create: (request, signal) => create(options, request, signal),
    prime: (request, signal) => prime(options, request, signal),
    list: async query => list(options, query),
    results: async pid => results(options, pid),
    cancel: async pid => cancel(options, pid),
  };
}

async function create(
  options: SimulatedProviderOptions,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<CreateOutcome> {
  const { machine, version = '2026-10-21' } = options;
  if (signal.aborted || options.isDown?.()) return notConnected();
  if (!request.isInTime()) return tooLate();
  const items = request.items.map(({ customId, body }) => ({ customId, params: body }));
  const purchase: Purchase<BatchRecord, CreateOutcome> = {
    decision: decideCreate(machine.faults),
    act: () => machine.createBatch({ ...callerOf(options), version, items }),
    boughtAs: ({ id }) => ({ status: 'created', pid: id, facts: factsOf(options) }),
  };
  return buy(options, purchase, signal);
}

interface Purchase<Made, Outcome> {
  decision: CallDecision;
  act: () => Reply<Made>;
  boughtAs: (made: Made) => Outcome;
}

/** As the faults decide; what is bought is on the invoice whether the reply arrives or not. */
async function buy<Made, Outcome>(
  options: SimulatedProviderOptions,
  { decision, act, boughtAs }: Purchase<Made, Outcome>,
  signal: AbortSignal,
): Promise<Outcome | NotBought> {
  const { machine, schedule } = options;
  switch (decision.act) {
    case 'never':
      return unacted(options, decision, signal);
    case 'later':
      schedule(decision.delayMs / machine.timeScale, () => void act());
      return ambiguous('connection reset');
    case 'now': {
      const made = act();
      if (decision.reply === 'hang') return hanging(options, signal);
      if (decision.reply !== 'normal') return ambiguous(decision.reply);
      return made.status === 'refused' ? refused(made.error, factsOf(options)) : boughtAs(made.value);
    }
  }
}

function unacted(
  options: SimulatedProviderOptions,
  decision: Extract<CallDecision, { act: 'never' }>,
  signal: AbortSignal,
): Promise<NotBought> {
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
function hanging(options: SimulatedProviderOptions, signal: AbortSignal): Promise<NotBought> {
  return new Promise(resolve => {
    const giveUp = (): void => resolve(ambiguous('no reply'));
    signal.addEventListener('abort', giveUp, { once: true });
    options.schedule(options.hangMaxMs ?? hangMaxByDefaultMs, giveUp);
  });
}

/** With the faults of synchronous calls. */
async function prime(
  options: SimulatedProviderOptions,
  { body, isInTime }: PrimeRequest,
  signal: AbortSignal,
): Promise<PrimeOutcome> {
  const { machine, version = '2026-10-21' } = options;
  if (signal.aborted || options.isDown?.()) return notConnected();
  if (!isInTime()) return tooLate();
  const purchase: Purchase<WireMessage, PrimeOutcome> = {
    decision: decideMessage(machine.faults),
    act: () => machine.createMessage({ ...callerOf(options), version, params: parsed(body) }),
    boughtAs: message => ({ status: 'primed', ...readMessage(message), facts: factsOf(options) }),
  };
  return buy(options, purchase, signal);
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
  const lines = flattenChunks(chunks);
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

/** What cannot be read is for the machine to refuse. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
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
