import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '#core/document.ts';
import { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import { asIsRecipe, type Recipe } from '#core/recipe.ts';
import { terminalLook } from '../terminal/terminal-look.ts';
import { CacheExplainer } from './explain-batches.ts';
import { explainedJson, renderExplained } from './render-explained.ts';

const at = Date.UTC(2026, 10, 29);
const look = terminalLook({ isTty: false, columns: 100, env: { LANG: 'C.UTF-8' }, colorAllowed: true });
const policy = { mode: 'on', holdBack: 0.02 } as const;

const recipeOf = (instructions: string): Recipe => ({
  ...asIsRecipe,
  task: 'classify',
  model: 'claude-haiku-4-5',
  maxTokens: 100,
  instructions,
});

const contentOf = (index: number): Document => ({
  customId: `${index}`,
  ask: { shape: 'content', content: `document ${index}` },
  metadata: undefined,
  task: 'classify',
});

function explained(recipe: Recipe, documents: readonly Document[], lessons = new CacheLessons()) {
  const explainer = new CacheExplainer();
  for (const document of documents) explainer.add(document, { recipe, itemsMax: 100, policy });
  const lanes = explainer.explain(lessons, at);
  const text = renderExplained({ name: 'a.jsonl', lanes, others: explainer.others }, look);
  return { lanes, text: text.replaceAll(/\s+/g, ' ') };
}

const many = Array.from({ length: 150 }, (_, index) => contentOf(index));

describe('cache explain', () => {
  it('says what is missing to the minimum, and what it would save', () => {
    const { text } = explained(recipeOf('abcd'.repeat(3_812)), many);
    assert.match(
      text,
      /Prefix 3,812 tokens, minimum 4,096: no marker. 284 more tokens of stable text would save up to \$ 0\.\d+ a batch/,
    );
  });

  it('says once for a task and model what is too short, and what reads the same', () => {
    const grouped = (model: string, words: number): Document[] =>
      Array.from({ length: 40 }, (_, index) => {
        const group = { role: 'user', content: `group ${index % 4} ${'abcd'.repeat(words)}` };
        const messages = [group, { role: 'assistant', content: 'ok' }, { role: 'user', content: `only ${index}` }];
        const params = { model, max_tokens: 1, system: 'abcd'.repeat(2_000), messages };
        const ask = { shape: 'as-is', provider: 'anthropic', params } as const;
        return { customId: `${index}`, ask, metadata: undefined, task: null };
      });
    const { text, lanes } = explained(asIsRecipe, [
      ...grouped('claude-haiku-4-5', 300),
      ...grouped('claude-sonnet-5-5', 300),
    ]);
    const [haiku = '', sonnet = ''] = text.split('documents as they are: claude-sonnet-5-5');
    assert.match(haiku, /\d shared prefixes of 2,\d+ to 2,\d+ tokens, minimum 4,096: no marker\./);
    assert.match(haiku, /more tokens of stable text in the 40 documents behind one of them would save up to/);
    assert.equal(haiku.match(/minimum/g)?.length, 1);
    assert.match(sonnet, /to read .* for it to pay\. The same for \d other prefix(?:es)?\./);
    assert.ok((lanes[0]?.why.length ?? 0) > 2);
  });

  it('says nothing of a gain where filling up would cost', () => {
    assert.match(explained(recipeOf('Say it.'), many).text, /Filling it up would cost more than it saves/);
  });

  it('says which marker, whether it is written ahead, and on what that rests', () => {
    const { text, lanes } = explained(recipeOf('abcd'.repeat(6_000)), many);
    assert.match(text, /task classify: claude-haiku-4-5, 150 documents, 2 batches of up to 100/);
    assert.match(text, /a marker for five minutes, written ahead by one small call/);
    assert.match(text, /nothing measured yet\), 21\.7 % have to for it to pay/);
    assert.match(text, /2 % of such batches go without/);
    assert.equal(lanes[0]?.batchItems, 100);
  });

  it('says so when a prefix was stopped, with what its markers cost', () => {
    const lessons = new CacheLessons();
    const [hash] = explained(recipeOf('abcd'.repeat(6_000)), many).lanes.flatMap(({ why }) =>
      why.flatMap(reason => ('hash' in reason ? [reason.hash] : [])),
    );
    for (let index = 0; index < 40; index += 1) {
      const measured = { items: 100, hits: 0, prefixTokens: 6_000, promptTokens: 0, readTokens: 0, writtenTokens: 0 };
      const sent = { ttl: '5m', use: 'marked', isPrimed: index % 2 === 0, model: 'claude-haiku-4-5' } as const;
      lessons.learn({ bk: `${index}`, hash: hash ?? '', at: at - index * 3_600_000, ...sent, ...measured });
    }
    const { text } = explained(recipeOf('abcd'.repeat(6_000)), many, lessons);
    assert.match(text, /no marker any more. In 40 batches its markers cost \$ \d+\.\d+ more than they saved/);
  });

  it('speaks of requests that share nothing, have their own markers, or an unknown model', () => {
    const asIs = (params: object, index: number): Document => ({
      customId: `${index}`,
      ask: { shape: 'as-is', provider: 'anthropic', params: { max_tokens: 1, ...params } },
      metadata: undefined,
      task: null,
    });
    const message = (index: number) => ({ messages: [{ role: 'user', content: `only ${index}` }] });
    const own = { cache_control: { type: 'ephemeral' } };
    const documents = [1, 2].flatMap(index => [
      asIs({ model: 'claude-haiku-4-5', ...message(index) }, index),
      asIs({ model: 'claude-sonnet-5-5', ...own, ...message(index) }, index),
      asIs({ model: 'claude-nobody', ...message(index) }, index),
    ]);
    const { text } = explained(asIsRecipe, documents);
    assert.match(text, /no two of these 2 requests begin alike/);
    assert.match(text, /2 requests with markers of their own/);
    assert.match(text, /neither price nor shortest prefix of claude-nobody is known/);
  });

  it('gives programs decimal strings', () => {
    const { lanes } = explained(recipeOf('abcd'.repeat(6_000)), many);
    const json = JSON.stringify(explainedJson(lanes, 0));
    assert.match(json, /"savingUsd":"0\.\d+"/);
    assert.doesNotMatch(json, /"saving":/);
  });
});
