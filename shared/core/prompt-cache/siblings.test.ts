import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { promptBlocks } from './prompt-blocks.ts';
import { nextOfSiblings, siblingKey } from './siblings.ts';

const long = 'Read what follows with care, and say what it is about. '.repeat(50);
const keyOf = (params: object): string | null => siblingKey(promptBlocks({ model: 'claude-haiku-5-5', ...params }));

describe('siblingKey', () => {
  it('is one for documents behind the same instructions, and another behind others', () => {
    const behind = (system: string, text: string) => keyOf({ system, messages: [{ role: 'user', content: text }] });
    assert.equal(behind(long, 'a'), behind(long, 'b'));
    assert.notEqual(behind(long, 'a'), behind(`${long}!`, 'a'));
    assert.notEqual(behind(long, 'a'), null);
  });

  it('knows examples in messages, before the one that is the document', () => {
    const after = (text: string) =>
      keyOf({
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: long },
              { type: 'text', text },
            ],
          },
        ],
      });
    assert.equal(after('a'), after('b'));
  });

  it('is null below the minimum of the model, for a model nobody knows, and for a prompt of one block', () => {
    const messages = [{ role: 'user', content: 'a' }];
    assert.equal(keyOf({ system: 'short', messages }), null);
    assert.equal(keyOf({ model: 'claude-of-tomorrow', system: long, messages }), null);
    assert.equal(keyOf({ messages: [{ role: 'user', content: long }] }), null);
  });
});

type Item = readonly [index: number, kind: string | null];
const next = (kinds: readonly (string | null)[], itemsMax: number): number[] => {
  const items = kinds.map((kind, index): Item => [index, kind]);
  return [...nextOfSiblings(items, { itemsMax, kindOf: ([, kind]) => kind })].map(([index]) => index);
};

describe('nextOfSiblings', () => {
  it('takes those of the first item, then kinds that fit whole', () => {
    assert.deepEqual(next(['a', 'b', 'a', 'c', 'b', 'b', 'a'], 4), [0, 2, 6, 3]);
  });

  it('takes a kind that fills a batch alone', () => {
    assert.deepEqual(next(['a', 'b', 'b', 'a', 'b'], 3), [1, 2, 4]);
  });

  it('fills up with items that have no siblings', () => {
    assert.deepEqual(next(['a', null, 'b', 'b', null, 'a'], 4), [0, 5, 1, 4]);
  });

  it('never takes more than a batch, and always the first item or a full kind', () => {
    const kinds = fc.array(fc.constantFrom('a', 'b', 'c', null), { minLength: 1, maxLength: 40 });
    checkProperty(
      fc.property(kinds, fc.integer({ min: 1, max: 10 }), (drawn, itemsMax) => {
        const taken = next(drawn, itemsMax);
        assert.ok(taken.length > 0 && taken.length <= itemsMax);
        const isOfOneKind = new Set(taken.map(index => drawn[index] ?? index)).size === 1;
        assert.ok(taken.includes(0) || (isOfOneKind && taken.length === itemsMax));
      }),
    );
  });
});
