import { formatCustomId } from '../custom-id.ts';
import { isTooLargeToKeep } from '../is-too-large-to-keep.ts';
import type { ItemLine, WholeBatchEnd } from '../provider-line.ts';
import { type Batch, type Item, itemsToSend } from '../view.ts';
import { endOfAnswer } from './end-of-answer.ts';
import type { Ended } from './ended.ts';
import type { ItemContext } from './settle-context.ts';

/** From its line at the provider, or from why there is none. */
export function endOfItem(batch: Batch, item: Item, context: ItemContext): Ended {
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
      const { from, model, output, body, raisedMaxTokens, cost } = state.answer;
      const answer = { output, body, raisedMaxTokens, ...(model === null ? {} : { model }) };
      return { cause: null, of: from, ...answer, cost: cost && { ...cost, billed: 0 }, boughtFor: cost };
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
