import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryCluster, type MemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { asIsRecipe, type Recipe, recipeHash } from '#core/recipe.ts';
import { asIsLine } from '#test/support/test-fleet.ts';
import { withCrashPoints } from './crash-points.ts';
import { findDocuments, readDocuments } from './document-reader.ts';
import { RecipeBook } from './recipe-book.ts';
import { anyTask } from './routing.ts';

const recipe: Recipe = { ...asIsRecipe, task: 'summarise', model: 'claude-haiku-5-5' };
const written = (cluster: MemoryCluster): (string | null)[] => cluster.committed('recipes', 0).map(({ key }) => key);

describe('RecipeBook', () => {
  it('names a recipe by its content and writes it once, before anything names it', async () => {
    const cluster = createMemoryCluster();
    const book = new RecipeBook(cluster.connect());
    const name = book.nameOf(recipe);
    assert.equal(name, recipeHash(recipe));
    assert.deepEqual(written(cluster), []);
    await book.ensureWritten(name);
    await book.ensureWritten(name);
    assert.deepEqual(written(cluster), [name]);
    assert.deepEqual(await book.get(name), recipe);
  });

  it('does not write what another worker, or an earlier life, has written', async () => {
    const cluster = createMemoryCluster();
    const first = new RecipeBook(cluster.connect());
    await first.ensureWritten(first.nameOf(recipe));
    const second = new RecipeBook(cluster.connect());
    await second.ensureWritten(second.nameOf({ ...recipe }));
    assert.equal(written(cluster).length, 1);
  });

  it('finds what was written after it last looked', async () => {
    const cluster = createMemoryCluster();
    const reader = new RecipeBook(cluster.connect());
    await assert.rejects(reader.get(recipeHash(recipe)), { code: 'log-unavailable' });
    const writer = new RecipeBook(cluster.connect());
    await writer.ensureWritten(writer.nameOf(recipe));
    assert.deepEqual(await reader.get(recipeHash(recipe)), recipe);
  });

  it('an append that broke off is made again: nothing may name a recipe that is not in the log', async () => {
    const cluster = createMemoryCluster();
    let isBroken = true;
    const hook = (label: string): void => {
      if (label !== 'log.append·before' || !isBroken) return;
      isBroken = false;
      throw new Error('broken off');
    };
    const book = new RecipeBook(withCrashPoints(cluster.connect(), { name: 'log', hook }));
    const name = book.nameOf(recipe);
    await assert.rejects(book.ensureWritten(name));
    await book.ensureWritten(name);
    assert.deepEqual(written(cluster), [name]);
  });

  it('goes on behind a record that it cannot read', async () => {
    const cluster = createMemoryCluster();
    const log = cluster.connect();
    const odd = { key: 'odd', value: Buffer.from('no json'), headers: {} };
    await log.append({ topic: 'recipes', partition: 0, records: [odd] });
    const writer = new RecipeBook(log);
    await writer.ensureWritten(writer.nameOf(recipe));
    assert.deepEqual(await new RecipeBook(log).get(recipeHash(recipe)), recipe);
  });
});

describe('readDocuments', () => {
  async function setup() {
    const log = createMemoryCluster({ partitions: { documents: 2 } }).connect();
    for (const partition of [0, 1]) {
      const records = ['a', 'b'].map(name => {
        return { key: null, value: Buffer.from(asIsLine(`${name}${partition}`)), headers: {} };
      });
      await log.append({ topic: 'documents', partition, records });
    }
    return log;
  }
  const rids = [
    { partition: 1, offset: 1 },
    { partition: 0, offset: 0 },
    { partition: 1, offset: 0 },
  ];

  it('reads by rid, from any partition in any order', async () => {
    const found = await readDocuments(await setup(), rids, anyTask);
    const names = rids.map(({ partition, offset }) => {
      const parsed = found.get(`${partition}/${offset}`)?.parsed;
      return parsed?.is === 'document' ? parsed.document.customId : null;
    });
    assert.deepEqual(names, ['b1', 'a0', 'a1']);
  });

  it('says which document is gone; findDocuments leaves it out', async () => {
    const log = await setup();
    const withGone = [...rids, { partition: 0, offset: 7 }];
    await assert.rejects(readDocuments(log, withGone, anyTask), { code: 'log-unavailable', where: 'document 0/7' });
    assert.equal((await findDocuments(log, withGone, anyTask)).size, 3);
  });
});
