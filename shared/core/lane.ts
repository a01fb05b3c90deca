import type { BatchKind } from './journal.ts';
import { deadlineMarginMs } from './limits.ts';
import type { KeptDocument } from './payload.ts';
import { type CachePolicy, cacheModeDoes } from './prompt-cache/cache-plan.ts';
import type { PromptBlocks } from './prompt-cache/prompt-positions.ts';
import { nextOfSiblings, pooledBatchesMax } from './prompt-cache/siblings.ts';
import type { Rid } from './rid.ts';

/**
 * Documents that may share a batch, gathered in an accumulator's memory. A lane is lost with its process and filled again
 * from the log: nothing in it is committed.
 */
export interface Lane {
  key: string;
  type: BatchKind;
  account: string;
  recipe: string;
  itemsMax: number;
  ageMsMax: number;
  bytesMax: number;
  tokensMax: number;
  /** Null: no planner looks at what is in it. */
  cache: CachePolicy | null;
  items: LaneItem[];
  /** How many items there are of each kind of siblings; those that have none are not counted. */
  kinds: Map<string, number>;
  bytes: number;
  tokens: number;
  /** Monotonic time of the first item. */
  openedAt: number;
  earliestDeadline: number;
}

/** What waits in a lane: the document itself, whose request is built at the create. What is not sent keeps no bytes. */
export interface LaneItem extends KeptDocument {
  att: number;
  charged: number;
  uncharged: number;
  key: string | null;
  /** Estimated, of its request. */
  bytes: number;
  tokens: number;
  /** Null where no planner looks at it. */
  blocks: PromptBlocks | null;
  /** What it shares with its siblings (`siblings.ts`). */
  kind: string | null;
  /** Monotonic time at which it was put into its lane. */
  addedAt: number;
  /** Names what is asked for; null when its answer is for nobody else. */
  requestKey: string | null;
  /** Whose answer it takes, in a lane of such; null: it is bought. */
  of: SourceOfAnswer | null;
}

export interface SourceOfAnswer extends Rid {
  /** Wall clock: it waits for that answer until then, and is bought after it. */
  until: number;
}

export type LaneSettings = Pick<
  Lane,
  'key' | 'type' | 'account' | 'recipe' | 'itemsMax' | 'ageMsMax' | 'bytesMax' | 'tokensMax' | 'cache'
>;

export const openLane = (settings: LaneSettings): Lane => ({
  ...settings,
  items: [],
  kinds: new Map(),
  bytes: 0,
  tokens: 0,
  openedAt: 0,
  earliestDeadline: Infinity,
});

/** False when the item has to wait for the next batch of this lane. A first item always fits. */
export const fits = (lane: Lane, item: LaneItem): boolean =>
  lane.items.length === 0 ||
  (lane.items.length < heldMax(lane) &&
    lane.bytes + item.bytes <= lane.bytesMax &&
    lane.tokens + item.tokens <= lane.tokensMax);

/** A lane whose documents are of several kinds may hold more than a batch, so that siblings come together. */
const heldMax = ({ cache, itemsMax }: Lane): number =>
  cache && cacheModeDoes[cache.mode].marks ? pooledBatchesMax * itemsMax : itemsMax;

/** A batch is there: so many items, or so many of one kind where the others wait for their siblings. */
export function isFull(lane: Lane): boolean {
  const { items, itemsMax, kinds } = lane;
  if (items.length < itemsMax) return false;
  if (kinds.size <= 1 || items.length >= heldMax(lane)) return true;
  return kinds.values().some(count => count >= itemsMax);
}

export function addToLane(lane: Lane, item: LaneItem, monotonic: number): void {
  if (lane.items.length === 0) lane.openedAt = monotonic;
  item.addedAt = monotonic;
  lane.items.push(item);
  if (item.kind !== null) lane.kinds.set(item.kind, (lane.kinds.get(item.kind) ?? 0) + 1);
  lane.bytes += item.bytes;
  lane.tokens += item.tokens;
  lane.earliestDeadline = Math.min(lane.earliestDeadline, item.deadlineAt);
}

/**
 * Leaves only what `keep` says, with everything else as if it had never been in. What is kept does not begin to wait
 * anew, so that a lane which others keep leaving still closes.
 */
export function keepInLane(lane: Lane, keep: (item: LaneItem) => boolean, monotonic: number): void {
  const kept = lane.items.filter(keep);
  const openedAt = Math.min(lane.openedAt, monotonic);
  Object.assign(lane, { items: [], kinds: new Map(), bytes: 0, tokens: 0, earliestDeadline: Infinity });
  for (const item of kept) addToLane(lane, item, openedAt);
}

/** Takes the next batch out of a lane. @returns the lane of what stays, each item as old as it is; null when nothing does */
export function splitLane(lane: Lane): { batch: Lane; rest: Lane | null } {
  if (lane.items.length <= lane.itemsMax) return { batch: lane, rest: null };
  const next = nextOfSiblings(lane.items, { itemsMax: lane.itemsMax, kindOf: ({ kind }) => kind });
  const laneOf = (items: readonly LaneItem[]): Lane => {
    const part = openLane(lane);
    for (const item of items) addToLane(part, item, item.addedAt);
    return part;
  };
  return {
    batch: laneOf(lane.items.filter(item => next.has(item))),
    rest: laneOf(lane.items.filter(item => !next.has(item))),
  };
}

export type LaneCloseReason = 'count' | 'bytes' | 'tokens' | 'deadline' | 'age' | 'end-of-input';

export interface LaneMoment {
  /** Wall clock, for deadlines. */
  now: number;
  monotonic: number;
  /** True when no more input will come that this lane should wait for. */
  isInputAtEnd: boolean;
}

/** Why a lane closes now, or null: it waits. */
export function closeReason(lane: Lane, { now, monotonic, isInputAtEnd }: LaneMoment): LaneCloseReason | null {
  if (lane.items.length === 0) return null;
  if (isFull(lane)) return 'count';
  if (lane.bytes >= lane.bytesMax) return 'bytes';
  if (lane.tokens >= lane.tokensMax) return 'tokens';
  if (isInputAtEnd) return 'end-of-input';
  if (monotonic - lane.openedAt >= lane.ageMsMax) return 'age';
  return now >= lane.earliestDeadline - deadlineMarginMs ? 'deadline' : null;
}
