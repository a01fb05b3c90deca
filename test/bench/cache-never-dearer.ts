import { seededRandom } from '#test/support/seeded-random.ts';
import { sumFrom } from './cache-clairvoyant.ts';
import { plannedStrategy } from './cache-planned.ts';
import { noMarkers, runWorkload } from './cache-run.ts';
import { type Arrivals, arrivalTimes, type CacheWorkload } from './cache-workload.ts';
import { formatTable } from './format-table.ts';

/** Cost beyond that without markers, as a share of it; below zero is saved. */
export interface DearerGroup {
  kind: string;
  workloads: number;
  total: number;
  worst: number;
  /** Of all batches from the 201st on; null when none has so many. */
  after200: number | null;
}

export interface NeverDearerReport {
  groups: DearerGroup[];
  worstWorkload: string;
}

const settledIn = 200;
const kinds = ['shared', 'changing', 'unique', 'below minimum', 'one an hour'] as const;
type Kind = (typeof kinds)[number];

const cacheTokensMin: Readonly<Record<string, number>> = {
  'claude-haiku-4-5': 4_096,
  'claude-sonnet-4-6': 1_024,
  'claude-opus-5-5': 512,
  'claude-sonnet-5-5': 512,
  'claude-fable-5-1': 512,
};

/**
 * Random workloads, most of them unfriendly: prefixes that change with each batch (as with changing tools), that no two items share, that are just
 * too short, and single documents an hour apart.
 */
export function measureNeverDearer({
  seed,
  workloads,
  batches,
}: {
  seed: number;
  workloads: number;
  /** Of each: drawn between these. */
  batches: { min: number; max: number };
}): NeverDearerReport {
  const sums = new Map<string, Sums>();
  let worst = { share: -1, name: '' };
  for (let index = 0; index < workloads; index += 1) {
    const { kind, workload } = randomWorkload(seed * 1_000_003 + index, batches);
    const without = runWorkload(workload, noMarkers);
    const planned = runWorkload(workload, plannedStrategy(workload));
    const share = sumFrom(planned, 0) / sumFrom(without, 0) - 1;
    if (share > worst.share) worst = { share, name: workload.name };
    for (const name of ['all', kind]) sums.set(name, added(sums.get(name), without, planned));
  }
  const groups = ['all', ...kinds].flatMap(kind => {
    const sum = sums.get(kind);
    return sum ? [groupOf(kind, sum)] : [];
  });
  return { groups, worstWorkload: worst.name };
}

interface Sums {
  workloads: number;
  without: number;
  planned: number;
  withoutLate: number;
  plannedLate: number;
  worst: number;
}

function added(before: Sums | undefined, without: Float64Array, planned: Float64Array): Sums {
  const sums = before ?? { workloads: 0, without: 0, planned: 0, withoutLate: 0, plannedLate: 0, worst: -1 };
  return {
    workloads: sums.workloads + 1,
    without: sums.without + sumFrom(without, 0),
    planned: sums.planned + sumFrom(planned, 0),
    withoutLate: sums.withoutLate + sumFrom(without, settledIn),
    plannedLate: sums.plannedLate + sumFrom(planned, settledIn),
    worst: Math.max(sums.worst, sumFrom(planned, 0) / sumFrom(without, 0) - 1),
  };
}

const groupOf = (
  kind: string,
  { workloads, without, planned, withoutLate, plannedLate, worst }: Sums,
): DearerGroup => ({
  kind,
  workloads,
  total: planned / without - 1,
  worst,
  after200: withoutLate > 0 ? plannedLate / withoutLate - 1 : null,
});

function randomWorkload(seed: number, batches: { min: number; max: number }): { kind: Kind; workload: CacheWorkload } {
  const draw = seededRandom(seed);
  const pick = <T>(list: readonly [T, ...T[]]): T => list[Math.floor(draw() * list.length)] ?? list[0];
  const kind = pick(kinds);
  const model = pick([
    'claude-haiku-4-5',
    'claude-sonnet-4-6',
    'claude-opus-5-5',
    'claude-sonnet-5-5',
    'claude-fable-5-1',
  ]);
  const least = cacheTokensMin[model] ?? 0;
  const arrivals: Arrivals = kind === 'one an hour' ? 'hourly' : pick(['steady', 'bursty', 'sparse']);
  const batchItems = kind === 'one an hour' ? 1 : pick([1, 2, 3, 5, 8, 20, 50, 100]);
  const hitShare = 0.3 + 0.68 * draw();
  const prefixTokens =
    kind === 'below minimum' ? least - 1 - Math.floor(draw() * 100) : Math.round(least * (1 + 10 * draw()));
  const count = Math.round(batches.min * (batches.max / batches.min) ** draw());
  const workload: CacheWorkload = {
    name: `${kind}: ${count} batches of ${batchItems}, ${model}, ${arrivals}, ${Math.round(hitShare * 100)} % hits`,
    seed,
    model,
    batchItems,
    prefixTokens,
    documentTokens: Math.round(50 * 20 ** draw()),
    outputTokens: Math.round(20 * 20 ** draw()),
    sealedAt: arrivalTimes(arrivals, count, seed),
    arrivals,
    prefixes: kind === 'changing' || kind === 'unique' ? kind : 'shared',
    hitShare,
    latency: pick<CacheWorkload['latency']>([
      'provider-like',
      { minMs: 10_000, maxMs: 120_000 },
      { minMs: 60_000, maxMs: 1_800_000 },
    ]),
  };
  return { kind, workload };
}

export function formatNeverDearer({ groups, worstWorkload }: NeverDearerReport): string {
  const percent = (share: number | null): string => (share === null ? '-' : `${(share * 100).toFixed(2)} %`);
  const rows = groups.map(({ kind, workloads, total, worst, after200 }) => [
    kind,
    String(workloads),
    ...[total, worst, after200].map(percent),
  ]);
  return [
    formatTable(['beyond no markers', 'workloads', 'total', 'worst single', 'after 200 batches'], rows),
    `worst: ${worstWorkload}`,
  ].join('\n');
}
