/**
 * How an item ended. `result` is the answer; everything else is a cause, and with the last try of an item the code of
 * its dead letter. Record rejects end with the code of their fault instead (`Reject.code`).
 */
export const outcomeCauses = [
  'invalid-request',
  'refused',
  'provider-error',
  'truncated',
  'invalid-output',
  'missing',
  'result-too-large',
  'expired',
  'canceled',
  'queue-full',
  'account',
  'split',
  'invalid',
  'too-large',
  'deadline',
  'parked-too-long',
  'duplicate',
  'not-reused',
  'rejected',
] as const;
export type OutcomeCause = (typeof outcomeCauses)[number];

/** `outcome` of an answer, in the words of the design. */
export type OutcomeName =
  | 'succeeded'
  | 'failed'
  | 'expired'
  | 'canceled'
  | 'missing'
  | 'refused'
  | 'invalid-output'
  | 'duplicate'
  | 'rejected'
  | 'deadline'
  | 'too-large'
  | 'parked-too-long';

/** Whose fault a cause is: `input` and `document` need another document, `transient` another time, `account` a person. */
export type CauseClass = 'input' | 'document' | 'transient' | 'account' | 'policy';

interface CauseRow {
  outcome: OutcomeName;
  class: CauseClass;
  /**
   * `alone`: sealed again by itself and charged. `lane`: back to its lane, nothing charged. `lane-capped`: the same, five
   * times at most. `never`: a dead letter at once.
   */
  again: 'alone' | 'lane' | 'lane-capped' | 'never';
}

/** Design, life of a document, step 8; protocol S4. */
export const causes: Readonly<Record<OutcomeCause, CauseRow>> = {
  'invalid-request': { outcome: 'failed', class: 'document', again: 'never' },
  refused: { outcome: 'refused', class: 'document', again: 'never' },
  'provider-error': { outcome: 'failed', class: 'transient', again: 'alone' },
  truncated: { outcome: 'failed', class: 'transient', again: 'alone' },
  'invalid-output': { outcome: 'invalid-output', class: 'transient', again: 'alone' },
  missing: { outcome: 'missing', class: 'transient', again: 'alone' },
  'result-too-large': { outcome: 'failed', class: 'document', again: 'never' },
  expired: { outcome: 'expired', class: 'transient', again: 'lane-capped' },
  canceled: { outcome: 'canceled', class: 'policy', again: 'lane-capped' },
  'queue-full': { outcome: 'failed', class: 'transient', again: 'lane' },
  account: { outcome: 'failed', class: 'account', again: 'lane' },
  split: { outcome: 'too-large', class: 'document', again: 'lane' },
  invalid: { outcome: 'failed', class: 'document', again: 'lane' },
  'too-large': { outcome: 'too-large', class: 'document', again: 'never' },
  deadline: { outcome: 'deadline', class: 'policy', again: 'lane' },
  'parked-too-long': { outcome: 'parked-too-long', class: 'policy', again: 'lane' },
  duplicate: { outcome: 'duplicate', class: 'policy', again: 'never' },
  'not-reused': { outcome: 'missing', class: 'policy', again: 'lane' },
  rejected: { outcome: 'rejected', class: 'input', again: 'never' },
};

/** True for causes that lie in the item: it is sealed again alone, half price, and leaves a findable trace. */
export const isAlone = (cause: OutcomeCause): boolean => causes[cause].again === 'alone';

const unsentCauses: ReadonlySet<OutcomeCause> = new Set(['split', 'deadline', 'not-reused']);

/** Nothing was sent: what follows is the first purchase, not another one. */
export const wasUnsent = (cause: OutcomeCause): boolean => unsentCauses.has(cause);
