import { decodeRecipe, encodeRecipe } from '#contracts/recipe-codec.ts';
import { type Recipe, recipeHash } from '#core/recipe.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log } from '#ports/log.ts';
import { readTopic } from './read-topic.ts';

/** The frozen tasks batches were built with, by content hash: the recipes topic, held in memory (there are few). */
export class RecipeBook {
  readonly #log: Log;
  readonly #byHash = new Map<string, Recipe>();
  /** Recipes of this configuration that the log does not have yet. */
  readonly #unwritten = new Map<string, Recipe>();
  readonly #names = new WeakMap<Recipe, string>();
  readonly #marks = new Map<number, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The name of a recipe, known from here on to this book; it is in the log only after `ensureWritten`. */
  nameOf(recipe: Recipe): string {
    let name = this.#names.get(recipe);
    if (name === undefined) {
      name = recipeHash(recipe);
      this.#names.set(recipe, name);
      if (!this.#byHash.has(name)) this.#unwritten.set(name, recipe);
    }
    return name;
  }

  /** Makes sure that the recipe can be found again before anything in the log names it. */
  async ensureWritten(name: string): Promise<void> {
    if (!this.#unwritten.has(name)) return;
    await this.#read();
    const recipe = this.#unwritten.get(name);
    if (recipe === undefined) return; // it was in the log
    await this.#log.append({
      topic: 'recipes',
      partition: 0,
      records: [{ key: name, value: encodeRecipe(recipe), headers: {} }],
    });
    this.#add(name, recipe);
  }

  /** @throws FlotillaError log-unavailable when no such recipe was ever written */
  async get(hash: string): Promise<Recipe> {
    if (!this.#byHash.has(hash)) await this.#read();
    const recipe = this.#byHash.get(hash);
    if (recipe) return recipe;
    throw new FlotillaError('log-unavailable', {
      where: `recipe ${hash}`,
      why: 'the recipe of a batch is not in the log',
    });
  }

  #add(name: string, recipe: Recipe): void {
    this.#byHash.set(name, recipe);
    this.#unwritten.delete(name);
  }

  async #read(): Promise<void> {
    for await (const { key, value } of readTopic(this.#log, 'recipes', this.#marks)) {
      const recipe = decodeRecipe(value);
      if (key !== null && recipe) this.#add(key, recipe);
    }
  }
}
