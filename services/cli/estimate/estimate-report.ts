import { type Calibration, coldCalibration } from '#core/estimate/calibration.ts';
import { type Estimate, estimateGroups, noRange, type Range, type RequestGroup } from '#core/estimate/estimate.ts';
import { decimalDollars } from '#core/money.ts';
import { batchPriceShare, priceRows } from '#core/prices.ts';
import { type InputBasis, inputBasis, inputInWords, type OutputBasis, outputBasis, outputInWords } from './basis.ts';
import { type CacheBasis, cacheBasis, cacheInWords } from './cache-basis.ts';
import type { SampleCount } from './count-sample.ts';
import type { FileEstimate } from './file-estimate.ts';

/** What a file will cost, and on what that rests. */
export interface EstimateReport {
  documents: number;
  rejected: number;
  /** Documents whose price is unknown: in no sum. */
  unpriced: { documents: number; models: string[] };
  /** As batches, of all documents whose price is known. */
  sum: Estimate;
  models: readonly { model: string; documents: number; outputTokensMax: number; sum: Estimate }[];
  input: InputBasis;
  output: OutputBasis;
  cache: CacheBasis;
  sample: SampleCount | null;
  /** No key: what was counted or answered, a simulator has. */
  isSimulated: boolean;
}

export function estimateReport(
  file: FileEstimate,
  {
    calibration = coldCalibration,
    sample = null,
    isSimulated = false,
  }: { calibration?: Calibration; sample?: SampleCount | null; isSimulated?: boolean } = {},
): EstimateReport {
  const known = sample ? calibration.withSample(sample) : calibration;
  const { documents, rejected, unpriced, at } = file;
  const groups = file.plannedBy(known.lessons);
  const sumOf = (some: readonly RequestGroup[]): Estimate => estimateGroups(some, { calibration: known, at });
  const models = [...Map.groupBy(groups, ({ model }) => model)].map(([model, own]) => ({
    model,
    documents: own.reduce((sum, group) => sum + group.documents, 0),
    outputTokensMax: own.reduce((sum, group) => sum + group.documents * group.maxTokens, 0),
    sum: sumOf(own),
  }));
  return {
    documents,
    rejected,
    unpriced,
    sum: sumOf(groups),
    models,
    input: inputBasis(groups, known),
    output: outputBasis(groups, { calibration: known, tried: sample?.tried ?? [] }),
    cache: cacheBasis(groups, { billed: calibration, calibration: known }),
    sample,
    isSimulated,
  };
}

/** The same calls one by one, without markers of ours: as the ledger counts what single calls would have cost. */
export function individually({ uncached }: Pick<Estimate, 'uncached'>): Range {
  const { low, expected, high } = uncached ?? noRange;
  return { low: low / batchPriceShare, expected: expected / batchPriceShare, high: high / batchPriceShare };
}

/** Day from which the newest price in the table holds. */
export const priceTableDate: string = priceRows.reduce((latest, { since }) => (since > latest ? since : latest), '');

/** What an estimate takes for granted, and what it leaves out. */
export const assumed = ({ cache }: Pick<EstimateReport, 'cache'>): string =>
  `one try for each document; expected: ${cacheInWords(cache)}, no answer given again`;

/** The estimate for programs: dollars as decimal strings. */
export function estimateJson(report: EstimateReport): Record<string, unknown> {
  const { documents, rejected, unpriced, sum, models, input, output, cache, sample } = report;
  return {
    simulated: report.isSimulated,
    documents,
    rejected,
    batchUsd: dollars(sum.cost ?? noRange),
    individuallyUsd: dollars(individually(sum)),
    likelyUsd: sum.likely && { low: toText(sum.likely.low), high: toText(sum.likely.high) },
    inputTokens: rounded(sum.input),
    outputTokens: rounded(sum.output),
    unpriced,
    models: models.map(({ model, documents: count, outputTokensMax, sum: own }) => ({
      model,
      documents: count,
      inputTokens: rounded(own.input),
      outputTokens: rounded(own.output),
      outputTokensMax,
      batchUsd: own.cost && dollars(own.cost),
    })),
    basis: {
      input: { ...input, words: inputInWords(input) },
      output: { ...output, words: outputInWords(output) },
      cache: {
        label: cache.label,
        learnedFrom: cache.learnedFrom,
        readShare: cache.readShare,
        triedReadShare: cache.triedReadShare,
        documents: cache.documents,
        plannedUsd: toText(cache.planned),
        hitRate: cache.hitRate,
        words: cacheInWords(cache),
      },
      sample: sample && {
        counted: sample.counted,
        tried: sample.tried.length,
        refused: sample.refused,
        stopped: sample.stopped,
      },
    },
    assumes: assumed(report),
    priceTableDate,
  };
}

const rounded = ({ low, expected, high }: Range): Range => ({ low, expected: Math.round(expected), high });

const dollars = ({ low, expected, high }: Range): Record<keyof Range, string> => ({
  low: toText(low),
  expected: toText(expected),
  high: toText(high),
});

const toText = (amount: number): string => decimalDollars(Math.round(amount));
