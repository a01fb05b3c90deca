import { bucketTokens, type TokenCounts } from './token-buckets.ts';

/** How long answers to one question were that were asked for with the same cap. */
export interface AnswerCohort extends AnswerTokens {
  /** That of their recipe; a second try has a raised one. */
  maxTokens: number;
}

/** How long the answers to one question were. */
export interface AnswerTokens {
  /** Of delivered answers. */
  counts: TokenCounts;
  /** Documents that were cut and have no whole answer: longer than their cap, nobody knows by how much. */
  cut: number;
}

/** A share of answers, and what it is at most with 95 % certainty: of few answers little is known. */
export interface Risk {
  share: number;
  atMost: number;
}

export type TuneVerdict =
  /** The cap can be so much: the risk is within what was asked for. */
  | { is: 'proposed'; maxTokens: number; risk: Risk }
  /** So many answers are needed before anything can be said of so small a risk. */
  | { is: 'too-few'; answersNeeded: number }
  /** Too many were cut: the right cap lies above all that was seen. */
  | { is: 'beyond'; maxTokensAtLeast: number };

export interface TuneProposal {
  answers: number;
  cut: number;
  /** Documents that say nothing of the cap as it is: see `observedUnder`. */
  leftOut: number;
  /** Null without answers. */
  quantiles: { p50: number; p95: number; p99: number; p999: number; longest: number } | null;
  /** Of being cut with the cap as it is. */
  riskNow: Risk;
  verdict: TuneVerdict;
}

/** One-sided 95 % of a normal distribution. */
const z = 1.645;

/**
 * @param maxTokens the cap as it is
 * @param risk share of answers that may be cut, such as 0.01
 */
export function proposeMaxTokens(
  cohorts: readonly AnswerCohort[],
  { maxTokens, risk }: { maxTokens: number; risk: number },
): TuneProposal {
  const { leftOut, ...observed } = observedUnder(cohorts, maxTokens);
  const { counts, cut } = observed;
  const delivered = counts.reduce((sum, [, count]) => sum + count, 0);
  const longest = counts.at(-1)?.[0];
  return {
    answers: delivered,
    cut,
    leftOut,
    quantiles: longest === undefined ? null : { ...quantilesOf(counts, delivered), longest: bucketTokens(longest) },
    riskNow: riskAt(maxTokens, observed),
    verdict: verdictOf(observed, { maxTokens, risk }),
  };
}

/**
 * What says something of a cap: all that was asked for with it or a higher one, and of lower ones what was answered whole,
 * every document of it. Where some were cut under a lower cap, nobody knows whether they would be today, and those beside
 * them are only the short ones: neither counts.
 */
function observedUnder(cohorts: readonly AnswerCohort[], maxTokens: number): AnswerTokens & { leftOut: number } {
  const says = (cohort: AnswerCohort): boolean => cohort.maxTokens >= maxTokens || cohort.cut === 0;
  const sums = new Map<number, number>();
  let [cut, leftOut] = [0, 0];
  for (const cohort of cohorts) {
    if (!says(cohort)) {
      leftOut += documentsOf(cohort);
      continue;
    }
    cut += cohort.cut;
    for (const [bucket, count] of cohort.counts) sums.set(bucket, (sums.get(bucket) ?? 0) + count);
  }
  return { counts: [...sums].sort(([a], [b]) => a - b), cut, leftOut };
}

const documentsOf = ({ counts, cut }: AnswerTokens): number => cut + counts.reduce((sum, [, count]) => sum + count, 0);

function verdictOf(observed: AnswerTokens, { maxTokens, risk }: { maxTokens: number; risk: number }): TuneVerdict {
  const { counts, cut } = observed;
  const documents = documentsOf(observed);
  const answersNeeded = Math.ceil((z * z * (1 - risk)) / risk);
  const beyond = {
    is: 'beyond',
    maxTokensAtLeast: 2 * Math.max(maxTokens, bucketTokens(counts.at(-1)?.[0] ?? 0)),
  } as const;
  if (documents < answersNeeded) {
    // Few answers cannot say that a cap is high enough; that it is too low they can.
    return lowerBound(cut, documents) > risk ? beyond : { is: 'too-few', answersNeeded };
  }
  for (const [bucket] of counts) {
    const candidate = Math.max(1, bucketTokens(bucket));
    const found = riskAt(candidate, observed);
    if (found.atMost <= risk) return { is: 'proposed', maxTokens: candidate, risk: found };
  }
  return beyond;
}

/** Of an answer being longer than `maxTokens`; what was cut counts as longer than anything. */
function riskAt(maxTokens: number, { counts, cut }: AnswerTokens): Risk {
  let [documents, longer] = [cut, cut];
  for (const [bucket, count] of counts) {
    documents += count;
    if (bucketTokens(bucket) > maxTokens) longer += count;
  }
  return { share: documents === 0 ? 0 : longer / documents, atMost: upperBound(longer, documents) };
}

/** Wilson's, as the other. */
const lowerBound = (hits: number, all: number): number => (all === 0 ? 0 : 1 - upperBound(all - hits, all));

/** Wilson's. */
function upperBound(hits: number, all: number): number {
  if (all === 0) return 1;
  const share = hits / all;
  const middle = share + (z * z) / (2 * all);
  const width = z * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all));
  return Math.min(1, (middle + width) / (1 + (z * z) / all));
}

function quantilesOf(counts: TokenCounts, answers: number) {
  const at = (share: number): number => {
    let below = 0;
    for (const [bucket, count] of counts) {
      below += count;
      if (below >= share * answers) return bucketTokens(bucket);
    }
    return 0;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999) };
}
