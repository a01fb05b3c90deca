import { callCostOf, priceOf, promptTokens, type Usage } from '#core/cost.ts';
import { cacheBill, isCacheKnown } from '#core/estimate/cache-model.ts';
import type { Calibration, SeenCache } from '#core/estimate/calibration.ts';
import type { RequestGroup } from '#core/estimate/estimate.ts';
import type { Money } from '#core/money.ts';
import { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import { type CachePlan, marksSent } from '#core/prompt-cache/cache-plan.ts';
import { markRequest } from '#core/prompt-cache/mark-request.ts';
import { planCache } from '#core/prompt-cache/plan-cache.ts';
import { firstPrimeRequest } from '#core/prompt-cache/prime-request.ts';
import { isPrimeUsOnly, modelOfPrime } from '#core/prompt-cache/primes.ts';
import { promptBlocks } from '#core/prompt-cache/prompt-blocks.ts';
import { PromptHeads } from '#core/prompt-cache/prompt-heads.ts';
import type { PromptBlocks } from '#core/prompt-cache/prompt-positions.ts';
import { TextHeads } from '#core/prompt-cache/text-heads.ts';
import type { TokenCounter } from '#ports/token-counter.ts';
import type { FileEstimate, SampledLane } from './file-estimate.ts';

/** The planner draws by the batch key, which nobody knows before: so many of them stand for all. */
const draws = 8;
/** The first batch of a file, and one of those that follow. */
const batchesTried = 2;

type TryBatches = NonNullable<TokenCounter['tryBatches']>;

/**
 * What the cache takes off the first batches of a file where whoever will answer it tries them for nothing: planned, primed and bought as a
 * run would. Of requests whose bills are known nothing is tried.
 */
export async function tryCache(
  file: FileEstimate,
  { tryBatches, calibration }: { tryBatches: TryBatches; calibration: Calibration },
): Promise<SeenCache[]> {
  const groups = new Map(file.groups.map(group => [group.name, group]));
  const isUnknown = ({ group }: { group: string }): boolean => {
    const key = groups.get(group)?.cache.key;
    return key !== undefined && !isCacheKnown(calibration.cacheOf(key));
  };
  const seen: SeenCache[] = [];
  for (const lane of file.sampledLanes) {
    if (lane.requests.some(isUnknown))
      seen.push(...(await tryLane(lane, { groups, tryBatches, calibration, at: file.at })));
  }
  return seen;
}

interface Trial {
  groups: ReadonlyMap<string, RequestGroup>;
  tryBatches: TryBatches;
  calibration: Calibration;
  /** The day whose prices hold, ms since the epoch. */
  at: number;
}

async function tryLane(lane: SampledLane, { groups, tryBatches, calibration, at }: Trial): Promise<SeenCache[]> {
  const requests = lane.requests.slice(0, lane.itemsMax);
  const heads = new TextHeads();
  const known = new PromptHeads();
  const items = requests.map(({ body }) => promptBlocks(body, known));
  const count = lane.documents > lane.itemsMax ? batchesTried : 1;
  const drawn = Array.from({ length: draws }, (_, draw) =>
    plansOf({ draw, count, items, lessons: calibration.lessons, at }),
  );
  if (drawn.every(plans => plans.every(plan => plan === null))) return [];
  const bodies = requests.map(({ body }) => body);
  const tried = new Map<string, Bought[]>();
  const seen: SeenCache[] = [];
  for (const [draw, plans] of drawn.entries()) {
    const name = JSON.stringify(plans);
    const bought = tried.get(name) ?? (await buy(plans, { bodies, heads, tryBatches, at }));
    tried.set(name, bought);
    for (const [batch, { usages, primes }] of bought.entries()) {
      for (const [index, usage] of usages.entries()) {
        const group = groups.get(requests[index]?.group ?? '');
        const price = group && usage && priceOf(group.model, { promptTokens: promptTokens(usage), at });
        if (!group || !usage || !price) continue;
        const bill = cacheBill(usage, price, primes / usages.length);
        seen.push({ key: group.cache.key, bk: `tried ${draw} ${batch}`, isFirst: batch === 0, bill });
      }
    }
  }
  return seen;
}

/** One tried batch: what its items used, and what its primes came to. */
interface Bought {
  usages: readonly (Usage | null)[];
  primes: Money;
}

async function buy(
  plans: readonly (CachePlan | null)[],
  {
    bodies,
    heads,
    tryBatches,
    at,
  }: { bodies: readonly string[]; heads: TextHeads; tryBatches: TryBatches; at: number },
): Promise<Bought[]> {
  const batches = plans.map(plan => ({
    primes: marksSent(plan).flatMap(mark => (mark.prime ? (firstPrimeRequest(bodies, mark) ?? []) : [])),
    bodies: bodies.map(body => markRequest(body, plan, heads)),
  }));
  const used = await tryBatches(batches);
  return used.map(({ items, primes }, batch) => ({
    usages: items,
    primes: primes.reduce((sum, usage, index) => sum + primeCost(batches[batch]?.primes[index], usage, at), 0),
  }));
}

const primeCost = (body: string | undefined, usage: Usage | null, at: number): Money =>
  body === undefined || usage === null
    ? 0
    : (callCostOf(modelOfPrime(body), usage, at, { isUsOnly: isPrimeUsOnly(body) }) ?? 0);

/** Of batches sealed in one moment, as far as the planner marks them. */
function plansOf(asked: {
  draw: number;
  count: number;
  items: readonly PromptBlocks[];
  lessons: CacheLessons;
  at: number;
}): (CachePlan | null)[] {
  const { draw, count, items, at } = asked;
  const lessons = CacheLessons.fromSnapshot(asked.lessons.toSnapshot());
  lessons.timeScale = asked.lessons.timeScale;
  return Array.from({ length: count }, (_, batch) => {
    const bk = `tried ${draw} ${batch}`;
    const model = items[0]?.model ?? '';
    const { plan, sightings } = planCache({ bk, model, at, items, lessons, holdoutShare: 0, mode: 'on' });
    for (const sighting of sightings) lessons.see(sighting);
    return plan;
  });
}
