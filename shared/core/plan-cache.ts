import { hash } from 'node:crypto';
import { tokenPrices } from './cache-cost.ts';
import type { CacheSighting } from './cache-lesson.ts';
import type { CacheLessons } from './cache-lessons.ts';
import { cacheTokensMin, marksMax } from './cache-minimums.ts';
import type { CacheMark, CachePlan, CachePlanUse } from './cache-plan.ts';
import { chooseMarking, type Marking } from './choose-marking.ts';
import { priceOf } from './cost.ts';
import type { Nanodollars } from './money.ts';
import { type SharedPrefix, sharedPrefixes } from './prefix-tree.ts';
import type { PromptBlocks } from './prompt-positions.ts';

export interface CachePlanInput {
  bk: string;
  /** Of all items. */
  model: string;
  /** When the batch is sealed, ms since the epoch. */
  at: number;
  items: readonly PromptBlocks[];
  lessons: CacheLessons;
  /** Share of batches that go without their markers, to measure against. */
  holdoutShare: number;
  mode: CacheMode;
  /** False where the provider has no single call that writes a prefix, or none is allowed now. */
  canPrime?: boolean;
}

export type CacheMode = 'off' | 'shadow' | 'on';

export interface CachePlanned {
  /** Null: no markers, and nothing to say in SEALED. */
  plan: CachePlan | null;
  why: readonly CachePlanReason[];
  /** To be told to the lessons once the batch is sealed. */
  sightings: readonly CacheSighting[];
}

/** One finding of the planner; tokens by estimate, money for the whole batch. */
export type CachePlanReason =
  | { is: 'off' }
  | { is: 'model-unknown'; model: string }
  | { is: 'own-markers'; items: number }
  | { is: 'nothing-shared'; items: number }
  | ({ is: 'below-minimum'; tokensMin: number; saving: Nanodollars } & PrefixFacts)
  | ({ is: 'does-not-pay' | 'stopped' | 'marked' } & PrefixFacts & ChoiceFacts)
  | { is: 'held-back'; share: number };

export interface PrefixFacts {
  hash: string;
  depth: number;
  part: SharedPrefix['part'];
  tokens: number;
  items: number;
}

export type ChoiceFacts = Marking;

/** What markers a batch gets, and why. Pure: the same batch, lessons and time make the same plan. */
export function planCache(input: CachePlanInput): CachePlanned {
  const { bk, model, at, items, mode } = input;
  if (isOff(mode)) return { plan: null, why: [{ is: 'off' }], sightings: [] };
  const free = items.filter(({ hasOwnMarkers }) => !hasOwnMarkers);
  const why: CachePlanReason[] = [];
  if (free.length < items.length) why.push({ is: 'own-markers', items: items.length - free.length });
  const longest = free.reduce((max, { tokens }) => Math.max(max, tokens), 0);
  const price = priceOf(model, { promptTokens: longest, at });
  const tokensMin = cacheTokensMin(model);
  if (!price || tokensMin === null) return { plan: null, why: [...why, { is: 'model-unknown', model }], sightings: [] };
  const prefixes = sharedPrefixes(free);
  if (prefixes.length === 0 && free.length > 0) why.push({ is: 'nothing-shared', items: free.length });
  const marks: CacheMark[] = [];
  const sightings: CacheSighting[] = [];
  for (const prefix of prefixes) {
    const { depth, part, tokens, count } = prefix;
    const facts: PrefixFacts = { hash: prefix.hash, depth, part, tokens, items: count };
    if (tokens < tokensMin) {
      const { plain, read } = tokenPrices(price, '5m');
      const saving = Math.round((plain - read) * tokensMin * count);
      why.push({ is: 'below-minimum', tokensMin, saving, ...facts });
      continue;
    }
    const { lessons, canPrime = true } = input;
    const question = { bk, hash: prefix.hash, model, items: count, tokens, now: at, price, lessons, canPrime };
    const chosen = chooseMarking(question);
    const isMarked = chosen.is === 'marked' && marks.length < marksMax;
    const choice = chosen.is === 'marked' ? chosen.marking : chosen.best;
    why.push({ is: isMarked ? 'marked' : 'does-not-pay', ...facts, ...choice });
    if (isMarked) marks.push({ depth, hash: prefix.hash, ttl: choice.ttl, prime: choice.prime });
    const ttl = isMarked ? choice.ttl : null;
    const atRisk = isMarked ? Math.max(0, Math.round(-choice.savingLow * tokens)) : 0;
    const isPrimed = isMarked && choice.prime;
    sightings.push({ bk, hash: prefix.hash, model, items: count, tokens, at, ttl, isPrimed, atRisk });
  }
  if (marks.length === 0) return { plan: null, why, sightings };
  const use = useOf(input);
  if (use === 'held-back') why.push({ is: 'held-back', share: input.holdoutShare });
  const sent = use === 'marked' ? sightings : sightings.map(sighting => ({ ...sighting, ttl: null, isPrimed: false }));
  return { plan: { use, marks: longFirst(marks) }, why, sightings: sent };
}

const isOff = (mode: CacheMode): boolean => mode.startsWith('off');

function useOf({ bk, mode, holdoutShare }: CachePlanInput): CachePlanUse {
  if (mode.startsWith('shadow')) return 'shadow';
  return isHoldout(bk, holdoutShare) ? 'held-back' : 'marked';
}

/** The same whoever asks: a share of all batch keys. */
export function isHoldout(bk: string, share: number): boolean {
  return Number.parseInt(hash('sha256', `held back ${bk}`).slice(0, 8), 16) < share * 2 ** 32;
}

/** The provider refuses an hour behind five minutes: what stands before an hour gets an hour. */
function longFirst(marks: readonly CacheMark[]): CacheMark[] {
  const lastLong = marks.findLastIndex(({ ttl }) => ttl === '1h');
  return marks.map((mark, index) => (index < lastLong ? { ...mark, ttl: '1h' as const } : mark));
}
