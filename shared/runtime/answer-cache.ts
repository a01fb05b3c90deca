import { InFlight } from '#core/answer-cache/in-flight.ts';
import { PolicyPicker } from '#core/answer-cache/pick-policy.ts';
import { requestKey } from '#core/answer-cache/request-key.ts';
import { toNanodollars } from '#core/money.ts';
import { type Recipe, recipeHash } from '#core/recipe.ts';
import type { AnswerCounts, AnswerEntry, AnswerPlace, AnswerSpace, AnswerStore } from '#ports/answer-store.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { ReadDocument } from './document-reader.ts';

/** What the configuration of a task says of its answers. */
export interface AnswerSettings {
  ttlMs: number;
  entriesMax: number;
}

/** By task, of those that give answers again; null when none does, and then nothing is opened for it. */
export function answerSettings(
  tasks: ReadonlyMap<string, { answers: AnswerSettings | null }>,
): ReadonlyMap<string, AnswerSettings> | null {
  const settings = [...tasks].flatMap(([name, { answers }]) => (answers ? [[name, answers] as const] : []));
  return settings.length === 0 ? null : new Map(settings);
}

/** For a task that this process's configuration does not know, or knows without a cache: its answers are still delivered. */
const settingsOfOthers: AnswerSettings = { ttlMs: 86_400_000, entriesMax: 1_000 };

/** Purchases of an accumulator that others may wait for: a view of so many is full. */
const inFlightMax = 100_000;

/** The answers of one process's tasks that may be given again: a store, and what the tasks' own keys say of keeping. */
export class AnswerCache {
  readonly inFlight = new InFlight({ entriesMax: inFlightMax });
  readonly #store: AnswerStore;
  readonly #telemetry: Pick<Telemetry, 'count'>;
  readonly #settings: ReadonlyMap<string, AnswerSettings>;
  readonly #pickers = new Map<string, PolicyPicker>();

  constructor(options: {
    store: AnswerStore;
    telemetry: Pick<Telemetry, 'count'>;
    settings: ReadonlyMap<string, AnswerSettings>;
  }) {
    this.#store = options.store;
    this.#telemetry = options.telemetry;
    this.#settings = options.settings;
  }

  /** Where answers to these requests of a task stand. The policy learns of each. */
  async find(task: string, keys: readonly string[]): Promise<readonly (AnswerPlace | null)[]> {
    for (const key of keys) this.#pickerOf(task).see(key);
    return this.#store.find(this.#spaceOf(task), keys, { isUse: true });
  }

  /** The same for answers that are promised already. */
  findAgain(task: string, keys: readonly string[]): Promise<readonly (AnswerPlace | null)[]> {
    return this.#store.find(this.#spaceOf(task), keys, { isUse: false });
  }

  keep(task: string, entries: readonly AnswerEntry[]): Promise<void> {
    return this.#store.put(this.#spaceOf(task), entries);
  }

  async count(task: string, counts: Partial<AnswerCounts>): Promise<void> {
    const { hits = 0, misses = 0, saved = 0, savedCost = 0 } = counts;
    if (hits > 0) this.#telemetry.count('flotilla_answer_lookups_total', hits, { result: 'hit' });
    if (misses > 0) this.#telemetry.count('flotilla_answer_lookups_total', misses, { result: 'miss' });
    if (saved > 0) this.#telemetry.count('flotilla_answers_reused_total', saved);
    if (savedCost > 0) this.#telemetry.count('flotilla_answers_reused_nanodollars_total', toNanodollars(savedCost));
    await this.#store.count(task, counts);
  }

  #settingsOf(task: string): AnswerSettings {
    return this.#settings.get(task) ?? settingsOfOthers;
  }

  #spaceOf(task: string): AnswerSpace {
    return { task, ...this.#settingsOf(task), policy: this.#pickers.get(task)?.picked ?? null };
  }

  #pickerOf(task: string): PolicyPicker {
    let picker = this.#pickers.get(task);
    if (!picker) {
      picker = new PolicyPicker(this.#settingsOf(task));
      this.#pickers.set(task, picker);
    }
    return picker;
  }
}

/** The name of what a document asks for; null when its answer is for nobody else, nor anybody's for it. */
export function requestKeyOf(
  { parsed, envelope }: ReadDocument,
  { recipe, recipeName }: { recipe: Recipe; recipeName: string },
): string | null {
  if (!recipe.reusable || parsed.is !== 'document' || envelope.fault || !envelope.mayReuse) return null;
  const { ask, mayReuse } = parsed.document;
  if (mayReuse === false) return null;
  const { tenant } = envelope;
  if (!recipe.raised) return requestKey({ ask, recipe, recipeName, tenant });
  // A second try with a raised cap answers what was asked at first.
  const { raised: _, ...asked } = recipe;
  return requestKey({ ask, recipe: asked, recipeName: recipeHash(asked), tenant });
}
