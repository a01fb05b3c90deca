import { FlotillaError } from '../../errors/flotilla-error.ts';
import type { Usage } from '../cost.ts';
import { decideRetry } from '../decide-retry.ts';
import type { OutcomeCause } from '../outcome.ts';
import { cacheLessonsOf } from '../prompt-cache/cache-lessons.ts';
import { retryPolicyDefault } from '../recipe.ts';
import type { RetryRow, SettledRecord } from '../settled.ts';
import { settledVersion } from '../settled.ts';
import { SpendRows } from '../spend.ts';
import type { Terminal } from '../terminal.ts';
import { type Batch, type Item, isSettledUnsent } from '../view.ts';
import { addReused, addSpent, modelAsked, spendOf } from './batch-spend.ts';
import { createBatchSums } from './create-batch-sums.ts';
import { isUsOnly } from './end-of-answer.ts';
import { endOfItem } from './end-of-item.ts';
import type { Ended } from './ended.ts';
import type { CompleteRead, SettleContext } from './settle-context.ts';
import { terminalOf } from './terminal-of.ts';

export interface Settlement {
  settled: SettledRecord;
  terminals: Terminal[];
  /** Items the provider never answered; each may have been bought. */
  missing: number;
  /** True when lines say that the account is refused: its breaker opens. */
  isAccountRefused: boolean;
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
  const sums = createBatchSums(batch);
  const spend = new SpendRows();
  const answered: { usage: Usage; model: string }[] = [];
  let missing = 0;
  let isAccountRefused = false;

  for (const item of batch.items) {
    const { envelope, parsed } = context.documentOf(item);
    const ended = endOfItem(batch, item, { ...context, envelope, parsed });
    const wasSent = context.read !== null && !item.isDuplicate;
    sums.add(envelope.run, ended, { wasSent, isReused: batch.kind === 'reuse' });
    const model = modelAsked(parsed, context.recipe);
    if (wasSent) addSpent(spend, ended, { item, envelope, model, isUsOnly: isUsOnly(parsed) });
    else if (batch.kind === 'reuse') addReused(spend, ended, { envelope, model });
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
  return { settled: { v: settledVersion, bk: batch.bk, ...books }, terminals, missing, isAccountRefused };
}

function checkSettles(batch: Batch, read: CompleteRead | null): void {
  const isBound = batch.state.is === 'created' || batch.state.is === 'released';
  if (read === null ? isSettledUnsent(batch) : isBound) return;
  const why = `a batch that is ${batch.state.is} cannot be settled ${read === null ? 'without' : 'with'} a read`;
  throw new FlotillaError('internal', { where: `batch ${batch.bk}`, why });
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
