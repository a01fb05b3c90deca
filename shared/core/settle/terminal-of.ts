import type { ErrorCode } from '../../errors/catalogue.ts';
import type { Envelope, Parsed } from '../document.ts';
import { causes, type OutcomeCause } from '../outcome.ts';
import { maxTokensOf } from '../raise-max-tokens.ts';
import type { Recipe } from '../recipe.ts';
import { formatRid } from '../rid.ts';
import type { Failure, Terminal } from '../terminal.ts';
import type { Batch, Item } from '../view.ts';
import type { Ended } from './ended.ts';

export interface TerminalFacts {
  ended: Ended;
  envelope: Envelope;
  parsed: Parsed;
  recipe: Recipe | null;
  wasSent: boolean;
  requestKey: string | null;
}

/** The one terminal record of an item that is not tried again. */
export function terminalOf(
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
