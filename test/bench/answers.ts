import { readFile } from 'node:fs/promises';
import { createMemoryAnswerStore } from '#adapters/memory/create-memory-answer-store.ts';
import { type AnswerPolicyName, answerPolicies } from '#core/answer-cache/answer-policy.ts';
import { createPolicy, PolicyPicker } from '#core/answer-cache/pick-policy.ts';
import { requestKey } from '#core/answer-cache/request-key.ts';
import { asIsRecipe, type Recipe } from '#core/recipe.ts';
import type { AnswerPlace, AnswerSpace } from '#ports/answer-store.ts';
import { blockTrace, skewedTrace } from './block-trace.ts';
import { formatCount, formatTable } from './format-table.ts';

/** Hits of each policy on one stream of keys, and how long a hit takes. */
export interface AnswersReport {
  /** A file, or how the stream was made. */
  trace: string;
  accesses: number;
  keys: number;
  entriesMax: number;
  hits: Record<AnswerPolicyName, number>;
  /** Hits of `s3-fifo` over those of `lru-10`, less 1. */
  moreHits: number;
  picked: AnswerPolicyName;
  /** In microseconds. */
  hit: Latency;
  namedHit: Latency;
  mapGet: Latency;
}

interface Latency {
  p50: number;
  p99: number;
}

const samples = 50_000;
const warmUps = 5_000;

/** @param options.trace a file with one key a line; null: the generated one */
export async function measureAnswers(options: { trace: string | null; entriesMax: number }): Promise<AnswersReport> {
  const { entriesMax } = options;
  const trace = options.trace === null ? blockTrace(skewedTrace) : await readTrace(options.trace);
  const hits = Object.fromEntries(answerPolicies.map(name => [name, hitsOf(name, trace, entriesMax)]));
  const picker = new PolicyPicker({ entriesMax });
  for (const key of trace) picker.see(key);
  return {
    trace: options.trace ?? `generated: ${JSON.stringify(skewedTrace)}`,
    accesses: trace.length,
    keys: new Set(trace).size,
    entriesMax,
    hits: hits as AnswersReport['hits'],
    moreHits: (hits['s3-fifo'] as number) / Math.max(1, hits['lru-10'] as number) - 1,
    picked: picker.picked,
    ...(await measureHits(entriesMax)),
  };
}

async function readTrace(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').filter(line => line !== '');
}

function hitsOf(name: AnswerPolicyName, trace: readonly string[], entriesMax: number): number {
  const policy = createPolicy(name, { entriesMax });
  let hits = 0;
  for (const key of trace) {
    if (policy.use(key)) hits += 1;
    else policy.add(key);
  }
  return hits;
}

const recipe: Recipe = { ...asIsRecipe, task: 'bench', model: 'claude-haiku-5-5', maxTokens: 256, reusable: true };

/** A full store of this many entries, asked for one after the other, each answer awaited. */
async function measureHits(entriesMax: number): Promise<Pick<AnswersReport, 'hit' | 'namedHit' | 'mapGet'>> {
  const store = createMemoryAnswerStore({ now: Date.now });
  const space: AnswerSpace = { task: 'bench', ttlMs: 3_600_000, entriesMax, policy: 's3-fifo' };
  const texts = Array.from({ length: entriesMax }, (_, index) => `Document ${index}. ${'x'.repeat(500)}`);
  const keyOf = (content: string): string =>
    requestKey({ ask: { shape: 'content', content }, recipe, recipeName: '0123456789abcdef', tenant: null });
  const keys = texts.map(keyOf);
  const place: AnswerPlace = { rid: { partition: 0, offset: 1 }, partition: 0, from: 1 };
  await store.put(
    space,
    keys.map(key => ({ key, place })),
  );
  const map = new Map(keys.map(key => [key, place]));
  const find = async (key: string): Promise<AnswerPlace | null> =>
    (await store.find(space, [key], { isUse: true }))[0] ?? null;
  return {
    hit: await time(async index => find(keys[index % entriesMax] as string)),
    namedHit: await time(async index => find(keyOf(texts[index % entriesMax] as string))),
    mapGet: await time(async index => map.get(keys[index % entriesMax] as string) ?? null),
  };
}

/** @throws Error when one of them is no hit */
async function time(act: (index: number) => Promise<AnswerPlace | null>): Promise<Latency> {
  const taken: number[] = [];
  for (let index = 0; index < warmUps + samples; index++) {
    const startedMs = performance.now();
    const found = await act(index);
    const tookMs = performance.now() - startedMs;
    if (!found) throw new Error('a hit was expected');
    if (index >= warmUps) taken.push(tookMs * 1_000);
  }
  taken.sort((a, b) => a - b);
  const at = (share: number): number => taken[Math.floor(share * (taken.length - 1))] as number;
  return { p50: at(0.5), p99: at(0.99) };
}

export function formatAnswers(report: AnswersReport): string {
  const { hit, namedHit, mapGet, hits, accesses, entriesMax } = report;
  const row = (name: string, { p50, p99 }: Latency): string[] => [
    name,
    p50.toFixed(2),
    p99.toFixed(2),
    `${(p50 / mapGet.p50).toFixed(1)} ×`,
  ];
  const share = (name: AnswerPolicyName): string => `${((100 * hits[name]) / accesses).toFixed(1)} %`;
  return [
    `trace: ${report.trace}`,
    `${formatCount(accesses)} accesses to ${formatCount(report.keys)} keys, ${formatCount(entriesMax)} entries`,
    '',
    formatTable(
      ['policy', 'hits', 'share'],
      answerPolicies.map(name => [name, formatCount(hits[name]), share(name)]),
    ),
    `s3-fifo over lru-10: ${(100 * report.moreHits).toFixed(1)} % more hits (target ≥ 25 %); picked: ${report.picked}`,
    '',
    formatTable(
      ['hit', 'p50 µs', 'p99 µs', 'to Map.get'],
      [row('bare Map.get, awaited', mapGet), row('in memory', hit), row('its request named too', namedHit)],
    ),
    'in memory: p99 target < 50 µs',
  ].join('\n');
}
