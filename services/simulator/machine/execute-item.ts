import type { FaultInjector } from '../faults/fault-injector.ts';
import { type ApiError, apiError, errorEnvelope } from './api-error.ts';
import type { BatchRecord } from './batch-record.ts';
import { buildMessage } from './build-message.ts';
import { type AnswerSpoil, composeAnswer } from './compose-answer.ts';
import type { InvoiceRow } from './invoice.ts';
import { planPrompt } from './plan-prompt.ts';
import { priceUsage, type SimulatedUsage } from './price-usage.ts';
import type { CacheUsage } from './prompt-cache.ts';
import { drawUnit, makeId } from './seeded-random.ts';
import type { BatchItem } from './validate-envelope.ts';
import { validateParams } from './validate-params.ts';

export interface ExecuteOptions {
  record: BatchRecord;
  item: BatchItem;
  index: number;
  startsAt: number;
  seed: number;
  faults: FaultInjector;
  /** What the cache said when the item started; absent for an item without markers. */
  cacheUsage: CacheUsage | undefined;
}

export interface Executed {
  /** The result line, without its line break. */
  line: string;
  isSucceeded: boolean;
  bill: Omit<InvoiceRow, 'number'> | null;
}

/** Executes one item of a batch: an answer with a bill, or an error without one. */
export function executeItem(options: ExecuteOptions): Executed {
  try {
    return execute(options);
  } catch (error) {
    if (error instanceof RangeError) return errored(options, apiError('invalid_request_error', 'nested too deeply'));
    throw error;
  }
}

function execute(options: ExecuteOptions): Executed {
  const { record, item, index, seed } = options;
  const valid = validateParams({ params: parsed(item.params), version: record.version, isBatch: true });
  if (valid.status === 'invalid') return errored(options, valid.error);
  const failure = drawFailure(options);
  if (failure) return errored(options, failure);
  const { params, model } = valid;
  const toolUseId = makeId('toolu', seed, record.seq, index);
  const answer = composeAnswer({ params, spoil: drawSpoil(options), toolUseId });
  const cache = options.cacheUsage ?? uncached(planPrompt(params).inputTokens);
  const usage: SimulatedUsage = { ...cache, output: answer.outputTokens };
  const id = makeId('msg', seed, record.seq, index);
  const message = buildMessage({ id, model: params.model, answer, usage, isBatch: true });
  const cost = priceUsage({ model, usage, isBatch: true, isUsOnly: params.inference_geo === 'us' });
  return {
    line: JSON.stringify({ custom_id: item.customId, result: { type: 'succeeded', message } }),
    isSucceeded: true,
    bill: {
      at: Math.round(options.startsAt),
      workspace: record.workspace,
      batchId: record.id,
      customId: item.customId,
      model: params.model,
      inputTokens: usage.input,
      outputTokens: usage.output,
      cacheReadTokens: usage.cacheRead,
      cacheWrite5mTokens: usage.cacheWrite5m,
      cacheWrite1hTokens: usage.cacheWrite1h,
      costPicoDollars: cost,
      isForeign: record.isForeign,
    },
  };
}

/** The line of an item that was never executed. */
export function unexecutedLine(customId: string, type: 'canceled' | 'expired'): string {
  return JSON.stringify({ custom_id: customId, result: { type } });
}

export const creditMessage =
  'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.';

function drawFailure({ record, index, seed, faults }: ExecuteOptions): ApiError | null {
  if (record.isForeign) return null;
  const isRefusedAccount =
    record.accountShare > 0 && drawUnit(seed, 'account', record.seq, index) < record.accountShare;
  if (isRefusedAccount || faults.fires('item-account', record.seq, index)) {
    return apiError('invalid_request_error', creditMessage);
  }
  if (!faults.fires('item-transient', record.seq, index)) return null;
  return drawUnit(seed, 'transient', record.seq, index) < 0.5
    ? apiError('api_error', 'Internal server error')
    : apiError('overloaded_error', 'Overloaded');
}

function drawSpoil({ record, index, faults }: ExecuteOptions): AnswerSpoil {
  if (record.isForeign) return 'none';
  if (faults.fires('item-refusal', record.seq, index)) return 'refusal';
  if (faults.fires('item-truncated', record.seq, index)) return 'truncated';
  return faults.fires('item-invalid-output', record.seq, index) ? 'invalid-output' : 'none';
}

function errored({ record, item, index, seed }: ExecuteOptions, error: ApiError): Executed {
  const requestId = makeId('req', seed, record.seq, index);
  const result = { type: 'errored', error: errorEnvelope(error, requestId) };
  return { line: JSON.stringify({ custom_id: item.customId, result }), isSucceeded: false, bill: null };
}

function uncached(input: number): CacheUsage {
  return { input, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
