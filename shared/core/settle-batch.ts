import type { ErrorCode } from '../errors/catalogue.ts';
import { FlotillaError } from '../errors/flotilla-error.ts';
import type { ReuseState } from './answer-cache/reused-answer.ts';
import { canaryCode, canaryField } from './build-request.ts';
import { cacheLessonsOf } from './cache-lessons.ts';
import type { CacheMark } from './cache-plan.ts';
import { addUsage, costOf, type ItemCost, noUsage, type Usage } from './cost.ts';
import { formatCustomId } from './custom-id.ts';
import { decideRetry } from './decide-retry.ts';
import type { Envelope, Parsed } from './document.ts';
import { isTooLargeToKeep } from './is-too-large-to-keep.ts';
import type { Amounts } from './journal.ts';
import { causes, type OutcomeCause } from './outcome.ts';
import type { Answer, ItemLine, WholeBatchEnd } from './provider-line.ts';
import { maxTokensOf } from './raise-max-tokens.ts';
import { type Recipe, retryPolicyDefault } from './recipe.ts';
import { formatRid, type Rid } from './rid.ts';
import type { RetryRow, SettledRecord } from './settled.ts';
import { type Spend, SpendRows } from './spend.ts';
import type { Failure, Terminal } from './terminal.ts';
import { type Batch, type Item, isSettledUnsent, itemsToSend } from './view.ts';

/** A complete read of a batch at the provider: the first line of each custom_id (protocol §5.5). */
export interface CompleteRead {
  lines: ReadonlyMap<string, ItemLine>;
  wholeBatch: WholeBatchEnd | null;
}

export interface SettleContext {
  fleet: string;
  /** Null for a batch that is settled without having been sent. */
  read: CompleteRead | null;
  /** The document of an item, read again from the log. */
  documentOf: (item: Item) => { envelope: Envelope; parsed: Parsed };
  /** Null for rejects. */
  recipe: Recipe | null;
  canceledRuns: ReadonlySet<string>;
  /** The record that claimed an idempotency key, as `formatRid` writes it. */
  holderOf?: (key: string) => string | undefined;
  /** Kind `reuse`: how it stands with the answer an item takes. */
  reuseOf?: (item: Item) => ReuseState;
  /** The name of an item's request, where others may take its answer. */
  requestKeyOf?: (item: Item) => string | null;
  /** Why `output` does not fit the recipe's schema, or null. */
  checkOutput: (output: unknown) => string | null;
  /** Settling worker's wall clock; only retry times depend on it. */
  now: number;
  timeScale: number;
  /** Whether the entry of a mark was written ahead of this batch, by the journal; absent: as planned. */
  wasPrimed?: (mark: CacheMark) => boolean;
}

export interface Settlement {
  settled: SettledRecord;
  terminals: Terminal[];
  /** Items the provider never answered; each may have been bought. */
  missing: number;
  /** True when lines say that the account is refused: its breaker opens. */
  isAccountRefused: boolean;
}

interface Ended {
  cause: OutcomeCause | null;
  /** The code a dead letter carries when it is not the cause itself. */
  code?: ErrorCode;
  where?: string | null;
  why?: string;
  output?: unknown;
  body?: unknown;
  /** That answered. */
  model?: string;
  usage?: Usage;
  cost?: ItemCost | null;
  bound?: number;
  /** Whose answer it is, or whose it goes on waiting for. */
  of?: Rid;
  /** Of an answer that was bought for another. */
  raisedMaxTokens?: number | null;
  /** A dead letter whatever tries are left. */
  isFinal?: boolean;
}

/**
 * How each item of a batch ended: what one settle transaction writes. Books are closed per batch: every item it won is
 * in exactly one of done, dead and retry.
 * @throws FlotillaError internal when the batch is not one to settle so: bound and read, or unsent and not read
 */
export function settleBatch(batch: Batch, context: SettleContext): Settlement {
  const done: [number, number][] = [];
  const dead: [number, number, OutcomeCause][] = [];
  const retry: RetryRow[] = [];
  const terminals: Terminal[] = [];
  checkSettles(batch, context.read);
  const sums = createSums(batch);
  const spend = new SpendRows();
  const answered: { usage: Usage; model: string }[] = [];
  let missing = 0;
  let isAccountRefused = false;

  for (const item of batch.items) {
    const { envelope, parsed } = context.documentOf(item);
    const ended = endOf(batch, item, { ...context, envelope, parsed });
    const wasSent = context.read !== null && !item.isDuplicate;
    sums.add(envelope.run, ended, { wasSent, isReused: batch.kind === 'reuse' });
    if (wasSent) addSpent(spend, ended, { item, envelope, model: modelAsked(parsed, context.recipe) });
    if (ended.usage) answered.push({ usage: ended.usage, model: ended.model ?? '' });
    if (ended.cause === 'missing') missing += 1;
    if (ended.cause === 'account') isAccountRefused = true;
    const policy = context.recipe?.retry ?? retryPolicyDefault;
    const decision = ended.cause === null || ended.isFinal ? null : decideRetry(item, ended.cause, policy);
    if (ended.cause !== null && decision?.is === 'again') {
      const notBefore = context.now + Math.round(decision.delayMs / context.timeScale);
      const isRaised = ended.cause === 'truncated' || context.recipe?.raised !== undefined;
      const { cause } = ended;
      retry.push(retryRow(item, { ...decision, cause, notBefore, run: envelope.run, ended, isRaised }));
      continue;
    }
    if (ended.cause === null) done.push([item.partition, item.offset]);
    else dead.push([item.partition, item.offset, ended.cause]);
    const requestKey = ended.cause === null ? (context.requestKeyOf?.(item) ?? null) : null;
    const { recipe } = context;
    terminals.push(terminalOf(batch, item, { ended, envelope, parsed, recipe, wasSent, requestKey }));
  }
  const books = {
    done,
    dead,
    retry,
    ...sums.total(),
    ...spendOf(batch, spend),
    ...lessonsOf(batch, answered, context),
  };
  return { settled: { v: 1, bk: batch.bk, ...books }, terminals, missing, isAccountRefused };
}

function checkSettles(batch: Batch, read: CompleteRead | null): void {
  const isBound = batch.state.is === 'created' || batch.state.is === 'released';
  if (read === null ? isSettledUnsent(batch) : isBound) return;
  const why = `a batch that is ${batch.state.is} cannot be settled ${read === null ? 'without' : 'with'} a read`;
  throw new FlotillaError('internal', { where: `batch ${batch.bk}`, why });
}

type ItemContext = SettleContext & { envelope: Envelope; parsed: Parsed };

function endOf(batch: Batch, item: Item, context: ItemContext): Ended {
  if (batch.kind === 'reject') return { cause: 'rejected', ...rejectionOf(context) };
  if (item.isDuplicate) return { cause: 'duplicate', ...holderIn(context) };
  if (batch.kind === 'reuse') return endOfReuse(item, context);
  if (context.read === null) return endUnsent(batch, context);
  const { fleet, read } = context;
  const line = read.lines.get(formatCustomId({ fleet, bk: batch.bk, ...item }));
  if (!line) return { cause: read.wholeBatch ?? 'missing', ...boundAfter(read.wholeBatch, batch) };
  return endOfLine(line, item, batch, context);
}

/** What takes another's answer has it, or waits on apart from the others, or goes back to its lane to be bought. */
function endOfReuse(item: Item, { envelope, canceledRuns, reuseOf }: ItemContext): Ended {
  if (envelope.run !== null && canceledRuns.has(envelope.run)) return { cause: 'canceled', isFinal: true };
  const state = reuseOf?.(item) ?? { is: 'gone' };
  switch (state.is) {
    case 'answered': {
      const { from, output, body, raisedMaxTokens, cost } = state.answer;
      return { cause: null, of: from, output, body, raisedMaxTokens, cost: cost && { ...cost, billed: 0 } };
    }
    case 'waiting':
      return { cause: 'not-reused', ...(item.of ? { of: item.of } : {}) };
    case 'gone':
      return { cause: 'not-reused' };
  }
}

/** Whoever got the duplicate finds the answer there. */
function holderIn({ envelope, holderOf }: ItemContext): Pick<Ended, 'why'> {
  const holder = envelope.idempotencyKey === null ? undefined : holderOf?.(envelope.idempotencyKey);
  return holder === undefined ? {} : { why: `record ${holder} holds its idempotency key` };
}

/** Documents are read here whatever the tasks are now: one that parses was rejected for what was not configured. */
function rejectionOf({ parsed, envelope }: ItemContext): Pick<Ended, 'code' | 'where' | 'why'> {
  if (parsed.is === 'reject') {
    const { code, why, where } = parsed.reject;
    return { code, where, why };
  }
  if (envelope.fault) return envelope.fault;
  const { ask, task } = parsed.document;
  if (ask.shape === 'as-is') return { code: 'provider-not-configured', why: `no account for ${ask.provider}` };
  return { code: 'unknown-task', where: 'task', why: `no task "${task}" was configured when it was sealed` };
}

/** A batch the provider refused as input is halved, like one that was too large. */
function boundAfter(end: WholeBatchEnd | null, batch: Batch): Partial<Ended> {
  if (end !== 'invalid') return {};
  return itemsToSend(batch).length === 1 ? { isFinal: true, code: 'invalid-request' } : { bound: halfOf(batch) };
}

const halfOf = (batch: Batch): number => Math.ceil(itemsToSend(batch).length / 2);

function endUnsent(batch: Batch, { envelope, canceledRuns }: ItemContext): Ended {
  if (batch.state.is !== 'closed') return { cause: 'deadline' };
  const { why, at } = batch.state;
  if (envelope.run !== null && canceledRuns.has(envelope.run)) return { cause: 'canceled', isFinal: true };
  if (envelope.deadlineAt < at) return { cause: 'deadline', isFinal: true };
  switch (why) {
    case 'split':
      if (itemsToSend(batch).length === 1) return { cause: 'too-large', isFinal: true };
      return { cause: 'split', bound: halfOf(batch) };
    case 'invalid':
      if (itemsToSend(batch).length === 1) return { cause: 'invalid-request', isFinal: true };
      return { cause: 'split', bound: halfOf(batch) };
    case 'parked-too-long':
      return { cause: 'parked-too-long', isFinal: true };
    default:
      return { cause: 'deadline' }; // innocent of what closed the batch: back to its lane, nothing spent
  }
}

function endOfLine(line: ItemLine, item: Item, batch: Batch, context: ItemContext): Ended {
  switch (line.type) {
    case 'succeeded': {
      const ended = endOfAnswer(line.answer, item, batch, context);
      const { body, text } = line.answer;
      const metadata = context.parsed.is === 'document' ? context.parsed.document.metadata : undefined;
      return isTooLargeToKeep({ text, output: ended.output, body, metadata }) ? { cause: 'result-too-large' } : ended;
    }
    case 'errored': {
      const cause = causeOfError[line.errorClass];
      return { cause, why: `${line.code}: ${line.message}`, body: line.body };
    }
    case 'expired':
      return { cause: 'expired' };
    case 'canceled': {
      const isOurs = context.envelope.run !== null && context.canceledRuns.has(context.envelope.run);
      return { cause: 'canceled', isFinal: isOurs };
    }
    case 'too-large':
      return { cause: 'result-too-large' };
  }
}

const causeOfError = { document: 'invalid-request', transient: 'provider-error', account: 'account' } as const;

function endOfAnswer(answer: Answer, item: Item, batch: Batch, context: ItemContext): Ended {
  const { usage, body, model } = answer;
  const boughtAt = batch.state.is === 'created' || batch.state.is === 'released' ? batch.state.at : batch.sealedAt;
  const cost = costOf(model, usage, boughtAt, { isUsOnly: isUsOnly(context.parsed) });
  const bought = { body, model, usage, cost };
  if (answer.finish === 'refused') return { cause: 'refused', ...bought };
  if (answer.finish === 'truncated') return { cause: 'truncated', ...afterCut(context), ...bought };
  const { recipe } = context;
  if (!recipe?.outputSchema) return { cause: null, output: answer.text, ...bought };
  const checked = readOutput(answer.text, item, { ...context, recipe });
  if (checked.is === 'invalid') return { cause: 'invalid-output', why: checked.why, ...bought };
  return { cause: null, output: checked.output, ...bought };
}

const isUsOnly = (parsed: Parsed): boolean =>
  parsed.is === 'document' &&
  parsed.document.ask.shape === 'as-is' &&
  parsed.document.ask.params.inference_geo === 'us';

/** Tried once more with the cap raised (`retryRow`); cut again, it is a dead letter whatever tries are left. */
function afterCut({ recipe, parsed }: ItemContext): Partial<Ended> {
  if (!recipe?.raised || parsed.is === 'reject') return {};
  const { ask } = parsed.document;
  const { raised: _, ...before } = recipe;
  const [first, last] = [maxTokensOf(ask, before), maxTokensOf(ask, recipe)];
  return { isFinal: true, why: `cut at max_tokens ${first}, and again at ${last}` };
}

type CheckedOutput = { is: 'valid'; output: unknown } | { is: 'invalid'; why: string };

function readOutput(
  text: string,
  item: Item,
  { recipe, checkOutput }: ItemContext & { recipe: Recipe },
): CheckedOutput {
  let output: unknown;
  try {
    output = JSON.parse(text);
  } catch {
    return { is: 'invalid', why: 'the answer is not JSON' };
  }
  if (recipe.canary) {
    if (typeof output !== 'object' || output === null) return { is: 'invalid', why: 'the answer is not an object' };
    const { [canaryField]: code, ...rest } = output as Record<string, unknown>;
    if (code !== canaryCode(item)) return { is: 'invalid', why: 'the answer carries the code of another item' };
    output = rest;
  }
  const why = checkOutput(output);
  return why === null ? { is: 'valid', output } : { is: 'invalid', why };
}

function retryRow(
  item: Item,
  again: {
    charged: number;
    uncharged: number;
    cause: OutcomeCause;
    notBefore: number;
    run: string | null;
    ended: Ended;
    isRaised: boolean;
  },
): RetryRow {
  const { charged, uncharged, cause, notBefore, run, isRaised } = again;
  const { bound, of } = again.ended;
  return {
    p: item.partition,
    o: item.offset,
    att: item.att + 1,
    charged,
    uncharged,
    notBefore,
    cause,
    ...(bound === undefined ? {} : { bound }),
    ...(isRaised ? { isRaised } : {}),
    ...(of === undefined ? {} : { of: [of.partition, of.offset] as const }),
    runs: run === null ? [] : [run],
  };
}

interface TerminalFacts {
  ended: Ended;
  envelope: Envelope;
  parsed: Parsed;
  recipe: Recipe | null;
  wasSent: boolean;
  requestKey: string | null;
}

function terminalOf(
  batch: Batch,
  item: Item,
  { ended, envelope, parsed, recipe, wasSent, requestKey }: TerminalFacts,
): Terminal {
  const document = parsed.is === 'document' ? parsed.document : null;
  // Not `att`, which also counts what was split, closed or refused before anything was bought.
  const attempts = item.charged + item.uncharged + (wasSent && !item.isDuplicate ? 1 : 0);
  return {
    rid: { partition: item.partition, offset: item.offset },
    att: item.att,
    bk: batch.bk,
    run: envelope.run,
    customId: parsed.is === 'document' ? parsed.document.customId : parsed.reject.customId,
    outcome: ended.cause === null ? 'succeeded' : causes[ended.cause].outcome,
    attempts,
    output: ended.output,
    body: ended.body ?? null,
    usage: ended.usage ?? null,
    cost: ended.cost ?? null,
    raisedMaxTokens:
      ended.raisedMaxTokens ?? (document && recipe?.raised && wasSent ? maxTokensOf(document.ask, recipe) : null),
    metadata: document?.metadata,
    line: envelope.line,
    tenant: envelope.tenant,
    replayOf: envelope.replayOf,
    ...(requestKey === null ? {} : { requestKey }),
    ...(batch.kind === 'reuse' && ended.of ? { reusedFrom: ended.of } : {}),
    failure: ended.cause === null ? null : failureOf(ended.cause, { ended, item, attempts, envelope }),
  };
}

function failureOf(
  cause: OutcomeCause,
  { ended, item, attempts, envelope }: { ended: Ended; item: Item; attempts: number; envelope: Envelope },
): Failure {
  return {
    cause: ended.code ?? codeOf[cause],
    class: causes[cause].class,
    where: ended.where ?? null,
    why: ended.why ?? defaultReason(cause, { item, attempts }),
    replayCount: envelope.replayCount,
  };
}

/** The code of a dead letter whose cause is no code itself. */
const codeOf: Readonly<Record<OutcomeCause, ErrorCode>> = {
  'invalid-request': 'invalid-request',
  refused: 'refused',
  'provider-error': 'provider-error',
  truncated: 'truncated',
  'invalid-output': 'invalid-output',
  missing: 'missing',
  'result-too-large': 'result-too-large',
  expired: 'expired',
  canceled: 'canceled',
  'queue-full': 'queue-full',
  account: 'provider-account',
  split: 'too-large',
  invalid: 'invalid-request',
  'too-large': 'too-large',
  deadline: 'deadline',
  'parked-too-long': 'parked-too-long',
  'not-reused': 'missing',
  duplicate: 'duplicate',
  rejected: 'unknown-shape',
};

function defaultReason(cause: OutcomeCause, { item, attempts }: { item: Item; attempts: number }): string {
  if (cause === 'missing') return 'the provider ended the batch without a line for this item';
  if (cause === 'duplicate') return 'another record holds its idempotency key';
  return `ended as ${cause} after ${attempts} ${attempts === 1 ? 'try' : 'tries'} (${formatRid(item)})`;
}

interface RunSpend {
  cost: number;
  individual: number;
  /** Items that were sent, and those of them that may have been bought at a price nobody knows. */
  sent: number;
  unpriced: number;
}

interface Sums {
  add(run: string | null, ended: Ended, item: { wasSent: boolean; isReused: boolean }): void;
  total(): Pick<SettledRecord, 'usage' | 'cost' | 'individualCost' | 'runs' | 'actual'>;
}

/** Adds up what a batch cost: for its books, and by each scope of its reserve. */
function createSums(batch: Batch): Sums {
  let usage = noUsage;
  let cost: number | null = 0;
  let individualCost: number | null = 0;
  const byRun = new Map<string, RunSpend>(); // a run may have the name of a property of every object
  return {
    add(run, ended, { wasSent, isReused }) {
      if (!wasSent && !(isReused && ended.cause === null)) return;
      const before = byRun.get(run ?? '') ?? { cost: 0, individual: 0, sent: 0, unpriced: 0 };
      // What was bought and is not delivered would not have been bought one by one either: it saves nothing.
      const individual = ended.cause === null ? (ended.cost?.individual ?? 0) : 0;
      byRun.set(run ?? '', {
        cost: before.cost + (ended.cost?.billed ?? 0),
        individual: before.individual + individual,
        sent: before.sent + 1,
        unpriced: before.unpriced + (isUnpriced(ended) ? 1 : 0),
      });
      if (!ended.usage && !isReused) return;
      usage = addUsage(usage, ended.usage ?? noUsage);
      cost = isReused ? cost : ended.cost && cost !== null ? cost + ended.cost.billed : null;
      individualCost = ended.cost && individualCost !== null ? individualCost + ended.cost.individual : null;
    },
    total: () => ({ usage, cost, individualCost, runs: runsOf(byRun), actual: actualOf(batch, byRun) }),
  };
}

/** What was executed, and what may have been. */
function addSpent(
  spend: SpendRows,
  { cause, usage, cost, model }: Ended,
  asked: { item: Item; envelope: Envelope; model: string },
): void {
  if (!usage && !isLost(cause)) return; // errors and what was not run are not billed
  spend.add({
    tenant: asked.envelope.tenant,
    model: model ?? asked.model,
    usage: usage ?? null,
    cost: cost ?? null,
    end: cause === null ? 'delivered' : cause === 'truncated' ? 'truncated' : 'other',
    isRetry: asked.item.charged > 0,
  });
}

function modelAsked(parsed: Parsed, recipe: Recipe | null): string {
  const ask = parsed.is === 'document' ? parsed.document.ask : null;
  const model = ask?.shape === 'as-is' ? ask.params.model : recipe?.model;
  return typeof model === 'string' ? model : '';
}

function spendOf(batch: Batch, { rows }: SpendRows): { spend?: Spend } {
  if (rows.length === 0) return {};
  const { state } = batch;
  const at = state.is === 'created' ? state.intent.at : state.is === 'released' ? state.at : batch.sealedAt;
  return { spend: { at, rows } };
}

/** What the batch showed of the prefixes in its plan; nothing when nothing of it was answered. */
function lessonsOf(
  { bk, plan, sealedAt }: Batch,
  answered: readonly { usage: Usage; model: string }[],
  { wasPrimed = mark => mark.prime }: SettleContext,
): Pick<SettledRecord, 'cache'> {
  if (!plan || answered.length === 0) return {};
  const marks = plan.marks.map(mark => ({ ...mark, prime: wasPrimed(mark) }));
  return { cache: cacheLessonsOf({ bk, at: sealedAt, plan: { ...plan, marks }, answered }) };
}

const isLost = (cause: OutcomeCause | null): boolean => cause === 'missing' || cause === 'result-too-large';

/** Bought, or perhaps bought, and nobody can say for how much: lost lines count as bought (protocol §4, RELEASED). */
function isUnpriced({ cause, usage, cost }: Ended): boolean {
  return isLost(cause) || (usage !== undefined && !cost);
}

const runsOf = (byRun: ReadonlyMap<string, RunSpend>): SettledRecord['runs'] =>
  Object.fromEntries(
    // What was bought at a price nobody knows is in no sum, and its run must be able to say so.
    [...byRun].flatMap(([run, { cost, individual, unpriced }]) =>
      cost > 0 || individual > 0 || unpriced > 0 ? [[run, { cost, individual }]] : [],
    ),
  );

/**
 * Money scopes keep what was spent, and for each item without a price its share of the reserve; scopes that count what is
 * queued or open are free again.
 */
function actualOf(batch: Batch, byRun: ReadonlyMap<string, RunSpend>): Amounts {
  if (batch.state.is !== 'created') return {};
  const actual: Record<string, number> = {};
  for (const [scope, reserve] of Object.entries(batch.state.intent.reserve)) {
    if (!scope.endsWith(':money')) continue;
    const run = scope.startsWith('run:') ? scope.slice('run:'.length, -':money'.length) : null;
    const spends = run === null ? [...byRun.values()] : [byRun.get(run)].filter(spend => spend !== undefined);
    const sum = (of: keyof RunSpend): number => spends.reduce((total, spend) => total + spend[of], 0);
    const unpriced = Math.ceil((reserve * sum('unpriced')) / Math.max(1, sum('sent')));
    actual[scope] = sum('cost') + Math.min(reserve, unpriced);
  }
  return actual;
}
