import { sumOfLengths } from '#core/estimate/answer-model.ts';
import type { Calibration } from '#core/estimate/calibration.ts';
import type { RequestGroup } from '#core/estimate/estimate.ts';
import { priorOrigin } from '#core/estimate/token-model.ts';
import { countOf, formatCount } from '../terminal/format-count.ts';

/**
 * Where the expected input tokens come from. `exact`: the provider counted every request. `learned`: corrected by what it
 * counted or billed for others. `calibrated`: a tokenizer that is not the model's own.
 */
export interface InputBasis {
  label: 'exact' | 'learned' | 'calibrated';
  /** Requests of this file that the provider counted, and all of them. */
  counted: number;
  documents: number;
  /** Counts and bills that the least known of the models was corrected by. */
  learnedFrom: number;
}

/** Where the expected output tokens come from, by documents. */
export interface OutputBasis {
  label: 'learned' | 'guessed';
  /** Answers of these recipes that were learned from, and those of them that a simulator gave for nothing. */
  learnedFrom: number;
  tried: number;
  /** Documents of recipes that were answered before, of those whose task was by another, and of those that only say or bound what they want. */
  documents: { learned: number; sameTask: number; schema: number; instructions: number; 'max-tokens': number };
}

/** Fewer correct a prior, and do not replace it. */
const learnedMin = 20;

export function inputBasis(groups: readonly RequestGroup[], calibration: Calibration): InputBasis {
  const documents = groups.reduce((sum, group) => sum + group.documents, 0);
  const counted = groups.reduce((sum, group) => sum + group.counted.documents, 0);
  const models = [...new Set(groups.map(({ model }) => model))];
  const learnedFrom = models.length === 0 ? 0 : Math.min(...models.map(model => calibration.tokensOf(model).counts));
  const isExact = documents > 0 && counted === documents;
  return {
    label: isExact ? 'exact' : learnedFrom >= learnedMin ? 'learned' : 'calibrated',
    counted,
    documents,
    learnedFrom,
  };
}

export function outputBasis(
  groups: readonly RequestGroup[],
  { calibration, tried }: { calibration: Calibration; tried: readonly unknown[] },
): OutputBasis {
  const answersOf = (key: string): number => sumOfLengths(calibration.answersOf(key)).answers;
  const documents = { learned: 0, sameTask: 0, schema: 0, instructions: 0, 'max-tokens': 0 };
  for (const { key, task, guess, documents: count } of groups) {
    const isLike = calibration.likeAnswers({ key, task }).answers >= learnedMin;
    documents[answersOf(key) >= learnedMin ? 'learned' : isLike ? 'sameTask' : guess.from] += count;
  }
  const all = groups.reduce((sum, group) => sum + group.documents, 0);
  const keys = [...new Set(groups.map(({ key }) => key))];
  return {
    label: all > 0 && documents.learned === all ? 'learned' : 'guessed',
    learnedFrom: keys.reduce((sum, key) => sum + answersOf(key), 0),
    tried: tried.length,
    documents,
  };
}

export function inputInWords({ label, counted, documents, learnedFrom }: InputBasis): string {
  if (label === 'exact') return 'exact: every request was counted as it will be billed';
  if (label === 'calibrated') {
    const some = learnedFrom > 0 ? `, corrected by ${formatCount(learnedFrom)} that were counted` : '';
    return `${priorOrigin}${some}; a file may be a quarter off`;
  }
  const bills = learnedFrom - counted;
  const from = [
    ...(counted > 0
      ? [`${formatCount(counted)} of ${formatCount(documents)} requests, counted as they will be billed`]
      : []),
    ...(bills > 0 ? [`${countOf(bills, 'answer')} and their bills`] : []),
  ];
  return `learned from ${from.join(', and from ')}`;
}

export function outputInWords({ documents, learnedFrom, tried }: OutputBasis): string {
  const { learned, sameTask, schema, instructions, 'max-tokens': bound } = documents;
  const parts = [
    ...(learned > 0 && tried > 0
      ? [`learned from ${countOf(tried, 'answer')} that the simulator gave here for nothing`]
      : []),
    ...(learned > 0 && learnedFrom > tried
      ? [`learned from ${countOf(learnedFrom - tried, 'answer')} in the log`]
      : []),
    ...(sameTask > 0 ? ['guessed from answers of the same task, asked otherwise'] : []),
    ...(schema > 0 ? ['guessed from the output schema'] : []),
    ...(instructions > 0 ? ['guessed from the length that the instructions ask for'] : []),
    ...(bound > 0 ? ['guessed as a quarter of max_tokens'] : []),
  ];
  return parts.join('; ') || 'nothing to answer';
}
