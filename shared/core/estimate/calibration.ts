import { CacheLessons } from '../prompt-cache/cache-lessons.ts';
import { type AnswerSums, addLength, type LengthSums, lengthClass, noLength, sumOfLengths } from './answer-model.ts';
import {
  addCacheBills,
  type BatchBill,
  type CacheBill,
  type CacheSums,
  isCacheKnown,
  noCacheBill,
} from './cache-model.ts';
import type { Features } from './text-features.ts';
import { noTokenSums, sumCounts, type TokenCount, type TokenModel, type TokenSums, tokenModel } from './token-model.ts';

/** One answer that was bought: what it was asked with, and what was billed. */
export interface SeenAnswer {
  model: string;
  /** As `answerKey` names it. */
  key: string;
  /** Null: its request was sent as it came. */
  task: string | null;
  features: Features;
  /** Of the request's JSON. */
  bytes: number;
  /** Cache tokens included. */
  inputTokens: number;
  outputTokens: number;
  /** What its bill says of the cache; null when it says nothing about requests that are marked like it. */
  cache: SeenCache | null;
}

export interface SeenCache {
  /** As `cacheKey` names it. */
  key: string;
  /** Its batch, and whether it was the first of its run. */
  bk: string;
  isFirst: boolean;
  bill: CacheBill;
}

/** What is known of a provider's tokens and its cache: sums only, so the order of answers does not matter. */
export interface Calibration {
  /** For a model that nothing is known of: the prior. */
  tokensOf(model: string): TokenModel;
  answersOf(key: string): AnswerSums;
  /** Answers of the same task by other recipes or models: what is asked for changes less than how. */
  likeAnswers(of: { key: string; task: string | null }): LengthSums;
  /** @param key as `cacheKey` names it */
  cacheOf(key: string): CacheSums;
  /** What the planner goes by for prefixes of which no bill is known. */
  lessons: CacheLessons;
  /** Answers that were learned from. */
  answers: number;
  /** The same, with requests whose tokens the provider has counted, and with answers and batches that were tried. */
  withSample(sample: CountedSample): Calibration;
}

export interface CountedSample {
  /** By model. */
  counts: ReadonlyMap<string, readonly TokenCount[]>;
  tried: readonly TriedAnswer[];
  /** Of the cache: left out where bills tell. */
  cached?: readonly SeenCache[];
}

/** An answer that nobody was billed for. */
export interface TriedAnswer {
  /** As `answerKey` names it. */
  key: string;
  /** As `lengthClass` has it. */
  length: number;
  tokens: number;
}

/** Snapshots of a model count its tokens alike. */
export const modelFamily = (model: string): string => model.replace(/-\d{8}$/, '');

/** Answers of one recipe and model are alike; of requests as they are, those of one model and bound. */
export const answerKey = ({
  recipe,
  model,
  maxTokens,
}: {
  recipe: string | null;
  model: string;
  maxTokens: number;
}): string => (recipe === null ? `as-is|${modelFamily(model)}|${maxTokens}` : `${recipe}|${modelFamily(model)}`);

export function calibrate(answers: Iterable<SeenAnswer>, lessons = new CacheLessons()): Calibration {
  const counts = new Map<string, TokenCount[]>();
  const lengths = new Map<string, Map<number, LengthSums>>();
  const caches = new Map<string, Map<string, BatchBill>>();
  const tasks = new Map<string, string>();
  for (const { model, key, task, features, bytes, inputTokens, outputTokens, cache } of answers) {
    const family = modelFamily(model);
    const seen = counts.get(family) ?? [];
    seen.push({ features, tokens: inputTokens });
    counts.set(family, seen);
    addAnswer(lengths, { key, length: lengthClass(bytes), tokens: outputTokens });
    if (cache) addCache(caches, cache);
    if (task !== null) tasks.set(key, task);
  }
  const sums = new Map([...counts].map(([family, seen]) => [family, sumCounts(noTokenSums, seen)]));
  return calibrationOf({ sums, lengths, caches, tasks, lessons });
}

interface Sums {
  /** By model family. */
  sums: ReadonlyMap<string, TokenSums>;
  /** By `answerKey`. */
  lengths: ReadonlyMap<string, AnswerSums>;
  /** By `cacheKey`. */
  caches: ReadonlyMap<string, CacheSums>;
  /** By `answerKey`, of those that were billed. */
  tasks: ReadonlyMap<string, string>;
  lessons: CacheLessons;
}

function calibrationOf({ sums, lengths, caches, tasks, lessons }: Sums): Calibration {
  const models = new Map([...sums].map(([family, known]) => [family, tokenModel(known)]));
  return {
    tokensOf: model => models.get(modelFamily(model)) ?? unlearned,
    answersOf: key => lengths.get(key) ?? new Map(),
    likeAnswers: ({ key, task }) =>
      [...tasks]
        .filter(([other, of]) => other !== key && of === task)
        .reduce((sum, [other]) => addLength(sum, sumOfLengths(lengths.get(other) ?? new Map())), noLength),
    cacheOf: key => caches.get(key) ?? new Map(),
    lessons,
    answers: [...lengths.values()].reduce((count, byLength) => count + sumOfLengths(byLength).answers, 0),
    withSample({ counts, tried, cached = [] }) {
      const more = new Map(sums);
      for (const [model, seen] of counts) {
        const family = modelFamily(model);
        more.set(family, sumCounts(more.get(family) ?? noTokenSums, seen));
      }
      const answered = new Map([...lengths].map(([key, byLength]) => [key, new Map(byLength)]));
      for (const answer of tried) addAnswer(answered, answer);
      const guessed = new Map<string, Map<string, BatchBill>>();
      for (const seen of cached) if (!isCacheKnown(caches.get(seen.key) ?? new Map())) addCache(guessed, seen);
      return calibrationOf({ sums: more, lengths: answered, caches: new Map([...caches, ...guessed]), tasks, lessons });
    },
  };
}

function addAnswer(lengths: Map<string, Map<number, LengthSums>>, { key, length, tokens }: TriedAnswer): void {
  const byLength = lengths.get(key) ?? new Map<number, LengthSums>();
  const one = { answers: 1, tokens, squares: tokens ** 2 };
  byLength.set(length, addLength(byLength.get(length) ?? noLength, one));
  lengths.set(key, byLength);
}

function addCache(caches: Map<string, Map<string, BatchBill>>, { key, bk, isFirst, bill }: SeenCache): void {
  const byBatch = caches.get(key) ?? new Map<string, BatchBill>();
  byBatch.set(bk, { ...addCacheBills(byBatch.get(bk) ?? noCacheBill, bill), isFirst });
  caches.set(key, byBatch);
}

const unlearned = tokenModel(noTokenSums);

/** Before the first answer. */
export const coldCalibration: Calibration = calibrate([]);
