import { type ErrorCode, errorCatalogue } from '../errors/catalogue.ts';
import type { ItemCost, Usage } from './cost.ts';
import { decimalDollars } from './money.ts';
import type { CauseClass, OutcomeName } from './outcome.ts';
import { formatRid, type Rid } from './rid.ts';

/**
 * The one terminal record of a document. A pure function of document, recipe and provider lines: should two copies ever
 * become visible, they are byte for byte the same (protocol §1).
 */
export interface Terminal {
  rid: Rid;
  att: number;
  bk: string;
  run: string | null;
  customId: string | null;
  outcome: OutcomeName;
  /** Purchases that were made for the document. */
  attempts: number;
  output: unknown;
  /** The provider's message or error as it came; null when nothing was bought. */
  body: unknown;
  usage: Usage | null;
  cost: ItemCost | null;
  /** An earlier answer was cut, and this one was asked for with so many tokens at most; else null. */
  raisedMaxTokens: number | null;
  metadata: unknown;
  line: number | null;
  tenant: string | null;
  /** The document that this one replays. */
  replayOf: string | null;
  /** Names its request; absent when its answer is for nobody else. */
  requestKey?: string;
  /** The document whose answer it was first; absent: it was bought for this one. */
  reusedFrom?: Rid;
  failure: Failure | null;
}

export interface Failure {
  cause: ErrorCode;
  class: CauseClass;
  /** Where in the document, as a path such as `params.max_tokens`; null for the whole. */
  where: string | null;
  why: string;
  replayCount: number;
}

/** The line of `--out` and the value of a result record. */
export function resultJson(terminal: Terminal): string {
  const { customId, rid, outcome, output, body, usage, cost, attempts, metadata, failure } = terminal;
  const { raisedMaxTokens, reusedFrom } = terminal;
  return JSON.stringify({
    custom_id: customId,
    rid: `${rid.partition}/${rid.offset}`,
    outcome,
    ...(reusedFrom ? { reused_from: formatRid(reusedFrom) } : {}),
    ...(output === undefined ? {} : { output }),
    ...(failure ? { cause: failure.cause, class: failure.class, message: messageOf(failure) } : {}),
    ...(body === null ? {} : { body }),
    ...(usage ? { usage: usageJson(usage) } : {}),
    ...(cost
      ? { cost: { billed_usd: decimalDollars(cost.billed), individual_usd: decimalDollars(cost.individual) } }
      : {}),
    attempts,
    ...(raisedMaxTokens === null ? {} : { raised_max_tokens: raisedMaxTokens }),
    ...(metadata === undefined ? {} : { metadata }),
  });
}

const messageOf = ({ where, why }: Failure): string => (where === null ? why : `${where}: ${why}`);

const usageJson = (usage: Usage): Record<string, number> => ({
  input_tokens: usage.input,
  output_tokens: usage.output,
  cache_read_input_tokens: usage.cacheRead,
  cache_creation_5m_input_tokens: usage.cacheWrite5m,
  cache_creation_1h_input_tokens: usage.cacheWrite1h,
});

/** What a dead letter says of its document. Its cause may be one that only a newer version knows. */
export type DeadLetterFacts = Pick<Terminal, 'customId' | 'rid' | 'attempts' | 'line'> & {
  failure: Omit<Failure, 'cause' | 'class'> & { cause: string; class: string };
};

/** The line of `--dead-letters`. `original` is base64 when it is not UTF-8. */
export function deadLetterJson(letter: DeadLetterFacts, original: Original): string {
  const { customId, rid, attempts, line, failure } = letter;
  const known = Object.hasOwn(errorCatalogue, failure.cause) ? errorCatalogue[failure.cause as ErrorCode] : null;
  return JSON.stringify({
    custom_id: customId,
    rid: `${rid.partition}/${rid.offset}`,
    cause: failure.cause,
    class: failure.class,
    what: known?.what ?? failure.cause,
    where: failure.where,
    why: failure.why,
    fix: known?.fix ?? 'look at its message',
    attempts,
    line,
    replay_count: failure.replayCount,
    original: original.text,
    ...(original.encoding === 'utf8' ? {} : { original_encoding: original.encoding }),
    ...(original.where === null ? {} : { original_at: original.where }),
  });
}

export interface Original {
  text: string | null;
  encoding: 'utf8' | 'base64';
  /** Where the bytes are when they are too many to be repeated. */
  where: string | null;
}
