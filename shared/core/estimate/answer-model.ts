import type { Recipe } from '../recipe.ts';
import { exampleAnswer } from './example-answer.ts';
import { featuresOfText } from './text-features.ts';
import type { TokenModel } from './token-model.ts';

/**
 * How many tokens answers have: per recipe and model, by the length of the request, learned as means that lean on each other
 * where there are few. Before the first answer it is a guess from what the recipe asks for.
 */

/** Answers of requests of one length. */
export interface LengthSums {
  answers: number;
  tokens: number;
  squares: number;
}

/** By length class. */
export type AnswerSums = ReadonlyMap<number, LengthSums>;

/** Doublings of the request's bytes: answers of long documents are compared with those of long ones. */
export const lengthClass = (bytes: number): number => Math.floor(Math.log2(Math.max(1, bytes)));

export const noLength: LengthSums = { answers: 0, tokens: 0, squares: 0 };

export const addLength = (a: LengthSums, b: LengthSums): LengthSums => ({
  answers: a.answers + b.answers,
  tokens: a.tokens + b.tokens,
  squares: a.squares + b.squares,
});

export const sumOfLengths = (sums: AnswerSums): LengthSums => [...sums.values()].reduce(addLength, noLength);

/** What a first answer is expected to look like, and why. */
export interface AnswerGuess {
  from: 'schema' | 'instructions' | 'max-tokens';
  /** The text of such an answer; null where only its bound is known. */
  text: string | null;
  maxTokens: number;
}

export function guessAnswer(
  { outputSchema, instructions }: Pick<Recipe, 'outputSchema' | 'instructions'>,
  maxTokens: number,
): AnswerGuess {
  const example = exampleAnswer({ schema: outputSchema, instructions: instructions ?? '' });
  return example === null ? { from: 'max-tokens', text: null, maxTokens } : { ...example, maxTokens };
}

/** Share of `max_tokens` that an answer is taken to have when nothing else is known: bounds are set with room to spare. */
const shareOfMax = 0.25;
/** How far off a guess may be, as one standard deviation and a share of itself. */
const guessShare = 0.6;
/** A guess weighs as much as so many answers; the mean of all lengths as so many answers of one length. */
const guessAnswers = 2;
const meanAnswers = 10;

export interface AnswerEstimate {
  /** Tokens of one answer. */
  expected: number;
  /** Standard deviation of one answer, and of the mean: the second does not shrink with the number of documents. */
  spread: number;
  doubt: number;
}

/** One answer to a request of this length. @param tokens what turns the text of the guess into tokens */
export function answerTokens(
  sums: AnswerSums,
  { guess, length, tokens }: { guess: AnswerGuess; length: number; tokens: TokenModel },
): AnswerEstimate {
  const within = (value: number): number => Math.min(guess.maxTokens, Math.max(1, value));
  const guessed = within(
    guess.text === null ? guess.maxTokens * shareOfMax : tokens.tokensOf(featuresOfText(guess.text)).expected,
  );
  const all = sumOfLengths(sums);
  if (all.answers === 0) return { expected: guessed, spread: guessed * guessShare, doubt: guessed * guessShare };
  const alike = sums.get(length) ?? noLength;
  const mean = (all.tokens + guessAnswers * guessed) / (all.answers + guessAnswers);
  const expected = (alike.tokens + meanAnswers * mean) / (alike.answers + meanAnswers);
  const variance = Math.max(0, all.squares / all.answers - (all.tokens / all.answers) ** 2);
  const early = (guessed * guessShare) ** 2 * guessAnswers;
  const spread = Math.sqrt((variance * all.answers + early) / (all.answers + guessAnswers));
  return {
    expected: within(expected),
    spread,
    doubt: spread / Math.sqrt(alike.answers + Math.min(meanAnswers, all.answers)),
  };
}
