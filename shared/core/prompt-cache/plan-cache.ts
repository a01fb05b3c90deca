import { hash } from 'node:crypto';
import { priceOf } from '../cost.ts';
import type { Money } from '../money.ts';
import type { PriceRow } from '../prices.ts';
import { savedBy } from './cache-allowance.ts';
import { tokenPrices } from './cache-cost.ts';
import type { CacheSighting } from './cache-lesson.ts';
import type { CacheLessons } from './cache-lessons.ts';
import { cacheTokensMin, marksMax } from './cache-minimums.ts';
import { type CacheMark, type CacheMode, type CachePlan, type CachePlanUse, cacheModeDoes } from './cache-plan.ts';
import { cacheTtls, chooseMarking, type Marking } from './choose-marking.ts';
import { prefixAt, type SharedPrefix, sharedPrefixes } from './prefix-tree.ts';
import type { PromptBlocks, PromptPart } from './prompt-positions.ts';

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
  /** `saving`: what each such batch would save if the prefix were filled up to the minimum and every item read it. */
  | ({ is: 'below-minimum'; tokensMin: number; saving: Money } & PrefixFacts)
  | ({ is: 'does-not-pay' | 'stopped' | 'marked' } & PrefixFacts & MarkingFacts)
  | { is: 'held-back'; share: number };

export interface PrefixFacts {
  hash: string;
  depth: number;
  part: PromptPart;
  tokens: number;
  items: number;
}

export interface MarkingFacts extends Omit<Marking, 'saving' | 'savingLow' | 'atRisk'> {
  /** Expected, against no markers; below zero it costs. */
  saving: Money;
  /** The same, should the hit rate lie at its lower bound. */
  savingLow: Money;
  /** What it may cost: of a trial, should no item read. */
  atRisk: Money;
  /** Batches that showed what they read, and what their markers saved. */
  measured: { batches: number; saved: Money };
}

/** What markers a batch gets, and why. Pure: the same batch, lessons and time make the same plan. */
export function planCache(input: CachePlanInput): CachePlanned {
  const { model, at, items, mode } = input;
  if (!cacheModeDoes[mode].plans) return { plan: null, why: [{ is: 'off' }], sightings: [] };
  const free = items.filter(({ hasOwnMarkers }) => !hasOwnMarkers);
  const why: CachePlanReason[] = [];
  if (free.length < items.length) why.push({ is: 'own-markers', items: items.length - free.length });
  const longest = free.reduce((max, { tokens }) => Math.max(max, tokens), 0);
  const price = priceOf(model, { promptTokens: longest, at });
  const tokensMin = cacheTokensMin(model);
  if (!price || tokensMin === null) return { plan: null, why: [...why, { is: 'model-unknown', model }], sightings: [] };
  const prefixes = candidates(free);
  if (prefixes.length === 0 && free.length > 0) why.push({ is: 'nothing-shared', items: free.length });
  const sightings: CacheSighting[] = [];
  const marked = new Map<string, CacheMark>();
  for (const prefix of prefixes) {
    const found = judge(prefix, { input, price, tokensMin, marked, sightings });
    why.push(found);
    if (found.is === 'below-minimum') continue;
    const { depth, hash: of, ttl, prime } = found;
    if (found.is === 'marked') marked.set(of, { depth, hash: of, ttl, prime });
    sightings.push(sightingOf(found, prefix, input));
  }
  return { ...planOf([...marked.values()], input, why), sightings: sightings.map(sighting => asSent(sighting, input)) };
}

/** Of a request that comes alone, what its producer declares to be stable: all that stands before its messages. */
function candidates(items: readonly PromptBlocks[]): SharedPrefix[] {
  const [item] = items;
  if (items.length > 1 || !item) return mostWorth(sharedPrefixes(items));
  const depth = item.positions.findLastIndex(({ part, canMark }) => part !== 'messages' && canMark) + 1;
  const end = item.positions[depth - 1];
  return end ? [prefixAt(end, { depth, count: 1, parent: null })] : [];
}

/** As many as a request may have markers, in the order of their depth. */
function mostWorth(prefixes: readonly SharedPrefix[]): SharedPrefix[] {
  const worth = new Set(prefixes.toSorted((a, b) => b.count * b.tokens - a.count * a.tokens).slice(0, marksMax));
  return prefixes.filter(prefix => worth.has(prefix));
}

interface Judging {
  input: CachePlanInput;
  price: PriceRow;
  tokensMin: number;
  /** By hash, so far. */
  marked: ReadonlyMap<string, CacheMark>;
  /** Of this batch, so far. */
  sightings: readonly CacheSighting[];
}

type Finding = Extract<CachePlanReason, { is: 'below-minimum' | 'does-not-pay' | 'stopped' | 'marked' }>;

function judge(prefix: SharedPrefix, { input, price, tokensMin, marked, sightings }: Judging): Finding {
  const { bk, model, at: now, lessons, canPrime = true } = input;
  const { depth, part, tokens, count: items } = prefix;
  const facts: PrefixFacts = { hash: prefix.hash, depth, part, tokens, items };
  if (tokens < tokensMin) {
    const { plain, read } = tokenPrices(price, '5m');
    return {
      is: 'below-minimum',
      tokensMin,
      saving: Math.round((plain * tokens - read * tokensMin) * items),
      ...facts,
    };
  }
  // Of what stands behind a marked prefix only the rest is bought by another marker.
  const own = tokens - markedTokens(prefix, marked);
  const atRisk = sightings.reduce((sum, sighting) => sum + (sighting.atRisk ?? 0), 0);
  // The provider refuses an hour behind five minutes.
  const ttls = marked.values().some(({ ttl }) => ttl === '5m') ? (['5m'] as const) : cacheTtls;
  const question = { bk, hash: prefix.hash, model, items, tokens: own, now, price, lessons, canPrime, atRisk, ttls };
  const chosen = chooseMarking(question);
  const known = lessons.lessons(prefix.hash).filter(({ use }) => use === 'marked');
  const saved = Math.round(known.reduce((sum, lesson) => sum + savedBy(lesson, price), 0));
  const marking = chosen.marking;
  const money = {
    saving: Math.round(marking.saving * own),
    savingLow: Math.round(marking.savingLow * own),
    atRisk: Math.round(marking.atRisk * own),
  };
  const is = chosen.is === 'marked' ? 'marked' : saved < 0 ? 'stopped' : 'does-not-pay';
  return { is, ...facts, ...marking, ...money, measured: { batches: known.length, saved } };
}

function markedTokens({ parent }: SharedPrefix, marked: ReadonlyMap<string, CacheMark>): number {
  if (!parent) return 0;
  return marked.has(parent.hash) ? parent.tokens : markedTokens(parent, marked);
}

function sightingOf(
  found: Exclude<Finding, { is: 'below-minimum' }>,
  { parent }: SharedPrefix,
  { bk, model, at }: CachePlanInput,
): CacheSighting {
  const { hash: of, items, ttl, prime, atRisk } = found;
  // What a shorter prefix of the same items has is told of that one.
  const seen = { bk, hash: of, model, items, tokens: found.tokens - (parent?.tokens ?? 0), at };
  return found.is === 'marked' ? { ...seen, ttl, isPrimed: prime, atRisk } : { ...seen, ttl: null, isPrimed: false };
}

/** What is only told, or held back, leaves no entry behind. */
function asSent(sighting: CacheSighting, input: CachePlanInput): CacheSighting {
  return useOf(input) === 'marked' ? sighting : { ...sighting, ttl: null, isPrimed: false, atRisk: 0 };
}

function planOf(marks: readonly CacheMark[], input: CachePlanInput, why: readonly CachePlanReason[]) {
  const use = useOf(input);
  if (marks.length === 0) return { plan: null, why };
  const plan: CachePlan = { use, marks: marks.toSorted((a, b) => a.depth - b.depth) };
  return { plan, why: use === 'held-back' ? [...why, { is: use, share: input.holdoutShare }] : why };
}

function useOf({ bk, mode, holdoutShare }: CachePlanInput): CachePlanUse {
  if (!cacheModeDoes[mode].marks) return 'shadow';
  return isHeldBack(bk, holdoutShare) ? 'held-back' : 'marked';
}

/** The same whoever asks: a share of all batch keys. */
export function isHeldBack(bk: string, share: number): boolean {
  return Number.parseInt(hash('sha256', `held back ${bk}`).slice(0, 8), 16) < share * 2 ** 32;
}
