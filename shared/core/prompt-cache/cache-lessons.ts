import { canonicalModel } from '../prices.ts';
import { type CacheState, entriesLeft, gapsBetween, latestFirst, stateAt } from './cache-arrivals.ts';
import type { CacheLesson, CacheSighting } from './cache-lesson.ts';
import { type HitTallies, hitTallies } from './hit-tallies.ts';

export { type CacheLesson, type CacheSighting, cacheLessonsOf } from './cache-lesson.ts';

const prefixesMax = 2_000;
const perPrefixMax = 64;
const perModelMax = 256;

/**
 * What was learned of prefixes: a bounded fold of sightings and lessons, the same whatever their order. Of each prefix
 * and each model the latest ones stay.
 */
export class CacheLessons {
  readonly #prefixes = new Map<string, PrefixHistory>();
  readonly #models = new Map<string, ModelHistory>();
  /** How much faster than ours the provider's time runs, in which its entries live: more than 1 only for a simulator. */
  timeScale = 1;

  /** Whoever seals a batch says so, before the next one is planned; and the log again, which tells less of it. */
  see(told: CacheSighting): void {
    const history = this.#prefixOf(told.hash);
    const known = history.sightings.find(({ bk }) => bk === told.bk);
    const sighting = Object.assign(known ?? {}, { ...told, ...known });
    insert(history.sightings, sighting, perPrefixMax);
    history.tallies = null;
    history.entries = null;
    if (sighting.model === undefined) return;
    const model = this.#modelOf(sighting.model);
    insert(model.sightings, sighting, perModelMax);
    model.gaps = null;
  }

  /** The first lesson of a batch about a prefix counts. */
  learn(lesson: CacheLesson): void {
    const history = this.#prefixOf(lesson.hash);
    insert(history.lessons, lesson, perPrefixMax);
    history.tallies = null;
    history.entries = null;
    const model = this.#modelOf(lesson.model);
    insert(model.lessons, lesson, perModelMax);
    model.tallies = null;
  }

  /** The batch has shown what it will show, be it nothing: of it no more is at risk. @param hashes of its marks */
  close(bk: string, hashes: readonly string[]): void {
    if (hashes.length === 0) return; // only markers put anything at risk
    const histories = [...this.#models.values(), ...hashes.flatMap(hash => this.#prefixes.get(hash) ?? [])];
    for (const { sightings } of histories) {
      for (const sighting of sightings) if (sighting.bk === bk && sighting.atRisk) sighting.atRisk = 0;
    }
  }

  /** There was no such batch, or it was never sent. @param hashes of its marks, as far as they are known */
  forget(bk: string, hashes: readonly string[] = []): void {
    const named = new Set(hashes);
    for (const model of this.#models.values()) {
      for (const { bk: of, hash } of model.sightings) if (of === bk) named.add(hash);
      leaveOut(model, bk);
      model.gaps = null;
    }
    for (const hash of named) {
      const history = this.#prefixes.get(hash);
      leaveOut(history, bk);
      if (history) history.entries = null;
      if (history?.sightings.length === 0 && history.lessons.length === 0) this.#prefixes.delete(hash);
    }
  }

  /** Latest first. */
  sightings(hash: string): readonly CacheSighting[] {
    return this.#prefixes.get(hash)?.sightings ?? [];
  }

  /** The same, by what each of them left behind. */
  entries(hash: string): readonly CacheSighting[] {
    const history = this.#prefixes.get(hash);
    if (!history) return [];
    if (history.entries) return history.entries;
    const wrote = (bk: string): boolean => history.lessons.some(lesson => lesson.bk === bk && lesson.writtenTokens > 0);
    history.entries = entriesLeft(history.sightings, { wrote, timeScale: this.timeScale });
    return history.entries;
  }

  /** Latest first. */
  lessons(hash: string): readonly CacheLesson[] {
    return this.#prefixes.get(hash)?.lessons ?? [];
  }

  /** Of all prefixes of a model, as far as they are kept. */
  model(model: string): Readonly<Pick<ModelHistory, 'sightings' | 'lessons'>> {
    return this.#models.get(canonicalModel(model)) ?? { sightings: [], lessons: [] };
  }

  /** Before each batch of a model's prefixes; `Infinity` where a prefix came for the first time. */
  modelGaps(model: string): readonly number[] {
    const history = this.#models.get(canonicalModel(model));
    if (!history) return [];
    history.gaps ??= [...new Set(history.sightings.map(({ hash }) => hash))].flatMap(hash => [
      ...gapsBetween(this.sightings(hash), this.timeScale),
      Infinity,
    ]);
    return history.gaps;
  }

  prefixTallies(hash: string): HitTallies {
    const history = this.#prefixes.get(hash);
    if (!history) return hitTallies([], () => 'cold');
    history.tallies ??= hitTallies(history.lessons, lesson => this.#stateOf(lesson));
    return history.tallies;
  }

  /** Of all prefixes of a model. */
  modelTallies(model: string): HitTallies {
    const history = this.#models.get(canonicalModel(model));
    if (!history) return hitTallies([], () => 'cold');
    history.tallies ??= hitTallies(history.lessons, lesson => this.#stateOf(lesson));
    return history.tallies;
  }

  /** As plain data, in an order that does not depend on what came first. */
  toSnapshot(): CacheLessonsSnapshot {
    const prefixes = [...this.#prefixes].map(([hash, { sightings, lessons }]) => ({ hash, sightings, lessons }));
    return { prefixes: prefixes.sort((a, b) => (a.hash < b.hash ? -1 : 1)) };
  }

  static fromSnapshot({ prefixes }: CacheLessonsSnapshot): CacheLessons {
    const made = new CacheLessons();
    for (const { sightings, lessons } of prefixes) {
      for (const sighting of sightings) made.see(sighting);
      for (const lesson of lessons) made.learn(lesson);
    }
    return made;
  }

  #stateOf({ hash, isPrimed, at, bk }: CacheLesson): CacheState {
    return isPrimed ? 'primed' : stateAt(this.entries(hash), at, { batch: bk, timeScale: this.timeScale });
  }

  #modelOf(name: string): ModelHistory {
    const key = canonicalModel(name);
    const model = this.#models.get(key) ?? { sightings: [], lessons: [], tallies: null, gaps: null };
    this.#models.set(key, model);
    return model;
  }

  #prefixOf(hash: string): PrefixHistory {
    const history = this.#prefixes.get(hash) ?? { sightings: [], lessons: [], tallies: null, entries: null };
    this.#prefixes.delete(hash);
    this.#prefixes.set(hash, history);
    const [unused] = this.#prefixes.keys();
    if (this.#prefixes.size > prefixesMax && unused !== undefined) this.#prefixes.delete(unused);
    return history;
  }
}

export interface CacheLessonsSnapshot {
  prefixes: { hash: string; sightings: CacheSighting[]; lessons: CacheLesson[] }[];
}

interface PrefixHistory {
  sightings: CacheSighting[];
  lessons: CacheLesson[];
  /** Null: to be summed again. */
  tallies: HitTallies | null;
  entries: readonly CacheSighting[] | null;
}

interface ModelHistory extends Omit<PrefixHistory, 'entries'> {
  gaps: readonly number[] | null;
}

function leaveOut(history: Omit<PrefixHistory, 'entries'> | undefined, bk: string): void {
  if (!history?.sightings.some(sighting => sighting.bk === bk)) return;
  history.sightings = history.sightings.filter(sighting => sighting.bk !== bk);
  history.tallies = null;
}

/** The first of one batch and prefix counts, and of too many the latest stay. */
function insert<T extends { at: number; bk: string; hash: string; isPrimed: boolean }>(
  list: T[],
  entry: T,
  max: number,
): void {
  if (list.some(({ bk, hash }) => bk === entry.bk && hash === entry.hash)) return;
  const before = list.findIndex(other => latestFirst(other, entry) > 0);
  list.splice(before < 0 ? list.length : before, 0, entry);
  if (list.length > max) list.pop();
}
