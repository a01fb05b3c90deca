import type { Envelope } from '#core/document.ts';
import type { LaneItem, LaneSettings, SourceOfAnswer } from '#core/lane.ts';
import { deadlineMarginMs, waitingBatchesMax } from '#core/limits.ts';
import { formatRid, type Rid } from '#core/rid.ts';
import type { Clock } from '#ports/clock.ts';
import type { LogRecord } from '#ports/log.ts';
import { type AnswerCache, requestKeyOf } from '#runtime/answer-cache.ts';
import { type ReadDocument, readDocument } from '#runtime/document-reader.ts';
import type { RecipeBook } from '#runtime/recipe-book.ts';
import type { Routing, TaskRoute } from '#runtime/routing.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';

export interface ReuseDeskPorts {
  answers: AnswerCache;
  clock: Clock;
  follower: ViewFollower;
  recipes: RecipeBook;
  routing: Routing;
}

/** What is asked for, and whose answer to it there is or will be. */
export interface ReuseDecision {
  /** Null when its answer is for nobody else. */
  requestKey: string | null;
  source: { of: SourceOfAnswer; isKept: boolean } | null;
}

export const notReusable: ReuseDecision = { requestKey: null, source: null };

/** One that waits for another has to be bought in time if that fails: back through its lane, which closes for its deadline. */
const waitMarginMs = 2 * deadlineMarginMs;
const keptAgeMs = 1_000;

/** How long a document may wait for another's answer. */
export const waitsUntil = ({ deadlineAt }: Envelope): number => Math.max(0, deadlineAt - waitMarginMs);

/**
 * Which documents take the answer of another: one that is kept, or one that this accumulator is buying. Both are hints, which
 * the settle checks against the log: a wrong one sends the document back to its lane, a missing one buys.
 */
export class ReuseDesk {
  readonly #ports: ReuseDeskPorts;
  /** Of the records that are being placed, by `formatRid`. */
  #keys = new Map<string, string | null>();
  #kept = new Map<string, Rid>();
  readonly #counts = new Map<string, { hits: number; misses: number }>();

  constructor(ports: ReuseDeskPorts) {
    this.#ports = ports;
  }

  /** Asks for the answers of these records, all at once, before they are placed one by one. */
  async lookUp(partition: number, records: readonly LogRecord[]): Promise<void> {
    const { answers, follower } = this.#ports;
    this.#keys = new Map();
    this.#kept = new Map();
    const asked: { task: string; key: string }[] = [];
    for (const record of records) {
      if (follower.view.claims.has({ partition, offset: record.offset, att: 0 })) continue;
      const [task, key] = this.#askOf(record);
      this.#keys.set(formatRid(record), key);
      if (key !== null) asked.push({ task, key });
    }
    for (const [task, group] of Map.groupBy(asked, each => each.task)) {
      const keys = group.map(({ key }) => key);
      const places = await answers.find(task, keys);
      for (const [index, place] of places.entries()) if (place) this.#kept.set(keys[index] as string, place.rid);
    }
  }

  /** What becomes of a document: only a first purchase takes another's answer, so that nothing goes back and forth. */
  decide(read: ReadDocument, { route, att }: { route: TaskRoute; att: number }): ReuseDecision {
    if (!route.recipe.reusable) return notReusable;
    const key = this.#keyOf(read, route);
    if (key === null) return notReusable;
    if (att > 0) return { requestKey: key, source: null };
    const source = this.#sourceOf(key, read);
    const counts = this.#countsOf(route.recipe.task ?? '');
    counts[source ? 'hits' : 'misses'] += 1;
    return { requestKey: key, source };
  }

  placed(item: LaneItem): void {
    this.#ports.answers.inFlight.placed(item);
  }

  sealed(items: readonly LaneItem[], batch: { bk: string; won: readonly Rid[] }): void {
    this.#ports.answers.inFlight.sealed(items, batch);
  }

  /** It has left its lane in another way than by our seal. */
  left(item: LaneItem): void {
    this.#ports.answers.inFlight.left(item);
  }

  /** Batches that wait for answers of others: they must not stop the reading, for it brings what they wait for. */
  waiting(): number {
    let count = 0;
    for (const { kind, settled } of this.#ports.follower.view.batches.values()) {
      if (kind === 'reuse' && !settled) count += 1;
    }
    return Math.min(count, waitingBatchesMax);
  }

  /** Hands on what was counted. */
  async report(): Promise<void> {
    const counts = [...this.#counts];
    this.#counts.clear();
    for (const [task, each] of counts) await this.#ports.answers.count(task, each);
  }

  #sourceOf(key: string, { envelope }: ReadDocument): ReuseDecision['source'] {
    const { answers, clock, follower } = this.#ports;
    const { rid, run, deadlineAt } = envelope;
    const kept = this.#kept.get(key);
    if (kept && formatRid(kept) !== formatRid(rid)) return { of: { ...kept, until: deadlineAt }, isKept: true };
    const until = waitsUntil(envelope);
    const joined = answers.inFlight.find(key, { view: follower.view, run });
    if (!joined || formatRid(joined) === formatRid(rid) || clock.now() >= until) return null;
    return { of: { ...joined, until }, isKept: false };
  }

  #askOf(record: LogRecord): [task: string, key: string | null] {
    const { routing } = this.#ports;
    const read = readDocument(record, routing.documents);
    if (read.parsed.is !== 'document') return ['', null];
    const route = routing.routeOf(read.parsed.document);
    return [route.recipe.task ?? '', this.#computeKey(read, route)];
  }

  #keyOf(read: ReadDocument, route: TaskRoute): string | null {
    const known = this.#keys.get(formatRid(read.record));
    return known === undefined ? this.#computeKey(read, route) : known;
  }

  #computeKey(read: ReadDocument, { recipe }: TaskRoute): string | null {
    return requestKeyOf(read, { recipe, recipeName: this.#ports.recipes.nameOf(recipe) });
  }

  #countsOf(task: string): { hits: number; misses: number } {
    const known = this.#counts.get(task) ?? { hits: 0, misses: 0 };
    this.#counts.set(task, known);
    return known;
  }
}

/** Lanes of documents that take another's answer: nothing of them is sent. What is kept waits for nobody. */
export function reuseLane(settings: LaneSettings, { isKept }: NonNullable<ReuseDecision['source']>): LaneSettings {
  const ageMsMax = isKept ? Math.min(keptAgeMs, settings.ageMsMax) : settings.ageMsMax;
  return { ...settings, type: 'reuse', cache: null, ageMsMax, key: `${settings.key}|${isKept ? 'kept' : 'joined'}` };
}

/** The lane of what goes on waiting for one answer, apart from others. */
export const waitingLane = (settings: LaneSettings, of: Rid): LaneSettings => ({
  ...settings,
  type: 'reuse',
  cache: null,
  key: `${settings.key}|${formatRid(of)}`,
});
