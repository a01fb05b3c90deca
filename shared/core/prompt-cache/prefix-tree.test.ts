import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sharedPrefixes } from './prefix-tree.ts';
import { promptBlocks } from './prompt-blocks.ts';

const request = (system: readonly string[], ...messages: string[]) =>
  promptBlocks({
    model: 'm',
    system: system.map(text => ({ type: 'text', text })),
    messages: messages.map(content => ({ role: 'user', content })),
  });

const shape = (items: Parameters<typeof sharedPrefixes>[0]) =>
  sharedPrefixes(items).map(({ depth, count, parent }) => [depth, count, parent?.depth ?? null]);

describe('sharedPrefixes', () => {
  it('finds the longest prefix of all items, once', () => {
    assert.deepEqual(shape([request(['a', 'b'], 'x'), request(['a', 'b'], 'y'), request(['a', 'b'], 'z')]), [
      [2, 3, null],
    ]);
  });

  it('finds what some share behind what all share', () => {
    const items = [request(['a', 'b'], 'x'), request(['a', 'b'], 'y'), request(['a', 'c'], 'x'), request(['a'], 'x')];
    assert.deepEqual(shape(items), [
      [1, 4, null],
      [2, 2, 1],
    ]);
  });

  it('tells apart what begins, ends and counts alike', () => {
    const [x, y] = ['x', 'y'].map(letter => `${'a'.repeat(40)}${letter}${'b'.repeat(40)}`) as [string, string];
    const [first, second] = [request([x], 'd'), request([y], 'd')];
    assert.equal(first.positions[0]?.outline, second.positions[0]?.outline);
    assert.deepEqual(shape([first, second]), []);
    assert.deepEqual(shape([first, second, request([x], 'e')]), [[1, 2, null]]);
  });

  it('finds nothing where nothing is shared', () => {
    assert.deepEqual(shape([request(['a'], 'x'), request(['b'], 'x'), request([], 'x')]), []);
    assert.deepEqual(shape([request(['a'], 'x')]), []);
  });

  it('ends a prefix at a block that may carry a marker', () => {
    const item = (tail: string) =>
      promptBlocks({
        model: 'm',
        messages: [
          { role: 'user', content: 'a' },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 't' },
              { type: 'text', text: tail },
            ],
          },
        ],
      });
    assert.deepEqual(shape([item('x'), item('y')]), [[1, 2, null]]);
  });

  it('follows a bounded number of prefixes', () => {
    const items = Array.from({ length: 1_000 }, (_, index) => request([`${index >> 1}`], 'x'));
    assert.equal(sharedPrefixes(items).length, 64);
  });
});
