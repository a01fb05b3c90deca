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
/** And how far off answers of the same task by another recipe may be. */
const likeShare = 0.3;
/** A guess weighs as much as so many answers: a bound tells next to nothing. The mean of all lengths as so many of one length. */
const guessAnswers = { schema: 2, instructions: 2, 'max-tokens': 0.2 } as const satisfies Record<
  AnswerGuess['from'],
  number
>;
const meanAnswers = 10;
/** Until so many, how far a first guess may be off says as much as how far apart the answers are. */
const doubtAnswers = 2;

export interface AnswerEstimate {
  /** Tokens of one answer. */
  expected: number;
  /** Standard deviation of one answer, and of the mean: the second does not shrink with the number of documents. */
  spread: number;
  doubt: number;
}

/**
 * One answer to a request of this length.
 * @param asked.like answers of the same task by other recipes: before the first of this one they say more than a guess
 * @param asked.tokens what turns the text of the guess into tokens
 */
export function answerTokens(
  sums: AnswerSums,
  asked: { guess: AnswerGuess; like?: LengthSums; length: number; tokens: TokenModel },
): AnswerEstimate {
  const { guess, length } = asked;
  const within = (value: number): number => Math.min(guess.maxTokens, Math.max(1, value));
  const first = firstGuess(asked);
  const guessed = within(first.mean);
  const firstDoubt = guessed * first.share;
  const all = sumOfLengths(sums);
  if (all.answers === 0) return { expected: guessed, spread: firstDoubt, doubt: firstDoubt };
  const alike = sums.get(length) ?? noLength;
  const weight = guessAnswers[guess.from];
  const mean = (all.tokens + weight * guessed) / (all.answers + weight);
  const expected = (alike.tokens + meanAnswers * mean) / (alike.answers + meanAnswers);
  const variance = Math.max(0, all.squares / all.answers - (all.tokens / all.answers) ** 2);
  const early = firstDoubt ** 2 * doubtAnswers;
  const spread = Math.sqrt((variance * all.answers + early) / (all.answers + doubtAnswers));
  return {
    expected: within(expected),
    spread,
    doubt: spread / Math.sqrt(alike.answers + Math.min(meanAnswers, all.answers)),
  };
}

/** What is expected before any answer of this recipe, and how far off it may be, as one standard deviation and a share of it. */
function firstGuess({ guess, like = noLength, tokens }: Omit<Parameters<typeof answerTokens>[1], 'length'>): {
  mean: number;
  share: number;
} {
  const { text, maxTokens, from } = guess;
  const guessed = text === null ? maxTokens * shareOfMax : tokens.tokensOf(featuresOfText(text)).expected;
  if (like.answers === 0) return { mean: guessed, share: guessShare };
  const weight = guessAnswers[from];
  const mean = (like.tokens + weight * guessed) / (like.answers + weight);
  return { mean, share: like.answers > weight ? likeShare : guessShare };
}
