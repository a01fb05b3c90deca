import { decodeRecipe, encodeRecipe } from '#contracts/recipe-codec.ts';
import { type Recipe, recipeHash } from '#core/recipe.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log } from '#ports/log.ts';

/** The frozen tasks batches were built with, by content hash: the recipes topic, held in memory (there are few). */
export class RecipeBook {
  readonly #log: Log;
  readonly #byHash = new Map<string, Recipe>();
  #next = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Makes sure that the recipe can be found again before anything names it. */
  async ensure(recipe: Recipe): Promise<string> {
    const hash = recipeHash(recipe);
    if (!this.#byHash.has(hash)) await this.#read();
    if (this.#byHash.has(hash)) return hash;
    const record = { key: hash, value: encodeRecipe(recipe), headers: {} };
    await this.#log.append({ topic: 'recipes', partition: 0, records: [record] });
    this.#byHash.set(hash, recipe);
    return hash;
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

  async #read(): Promise<void> {
    for (;;) {
      const query = { topic: 'recipes', partition: 0, from: this.#next, recordsMax: 1_000 } as const;
      const { records, nextOffset } = await this.#log.read(query);
      for (const { key, value } of records) {
        const recipe = decodeRecipe(value);
        if (key !== null && recipe) this.#byHash.set(key, recipe);
      }
      this.#next = nextOffset;
      if (records.length === 0) return;
    }
  }
}
