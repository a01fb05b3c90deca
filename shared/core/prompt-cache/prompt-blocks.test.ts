import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { noBlocks, promptBlocks } from './prompt-blocks.ts';
import { PromptHeads } from './prompt-heads.ts';
import { type PromptBlocks, promptPositionsMax } from './prompt-positions.ts';

const tool = { name: 'look', input_schema: { type: 'object' } };
const format = { type: 'json_schema', schema: { type: 'object' } };

const textBlock = (text: string) => ({ type: 'text', text });

const request = (over: Record<string, unknown> = {}, text = 'document') => ({
  model: 'claude-haiku-4-5',
  max_tokens: 10,
  tools: [tool],
  system: [{ type: 'text', text: 'instructions' }],
  messages: [{ role: 'user', content: text }],
  ...over,
});

const hashes = (body: Record<string, unknown>) => promptBlocks(body).positions.map(({ hash }) => hash);

/** With all that stands in it: a hash is worked out when it is asked for. */
const inFull = ({ positions, ...blocks }: PromptBlocks) => ({
  ...blocks,
  positions: positions.map(({ part, hash, outline, tokens, canMark }) => ({ part, hash, outline, tokens, canMark })),
});

/** How many of the first positions are the same. */
function same(a: Record<string, unknown>, b: Record<string, unknown>): number {
  const [first, second] = [hashes(a), hashes(b)];
  return first.filter((hash, index) => hash === second[index]).length;
}

describe('promptBlocks', () => {
  it('goes through tools, system and messages, and hashes each prefix', () => {
    const { positions, model } = promptBlocks(request());
    assert.deepEqual(
      positions.map(({ part }) => part),
      ['tools', 'system', 'messages'],
    );
    assert.equal(model, 'claude-haiku-4-5');
    for (const { hash } of positions) assert.match(hash, /^[0-9a-f]{16}$/);
    assert.deepEqual(inFull(promptBlocks(JSON.stringify(request()))), inFull(promptBlocks(request())));
  });

  it('gives a text and a list of one text the same prefix', () => {
    assert.deepEqual(hashes(request({ system: 'instructions' })), hashes(request()));
  });

  it('knows what invalidates what', () => {
    assert.equal(same(request(), request({}, 'another')), 2);
    assert.equal(same(request(), request({ tools: [{ ...tool, name: 'other' }] })), 0);
    assert.equal(same(request(), request({ model: 'claude-haiku-5-5' })), 0);
    assert.equal(same(request(), request({ output_config: { format } })), 1);
    assert.equal(same(request(), request({ output_config: { effort: 'low' } })), 2);
    assert.equal(same(request(), request({ tool_choice: { type: 'any' } })), 2);
    assert.equal(same(request(), request({ thinking: { type: 'adaptive' } })), 2);
    const image = { role: 'user', content: [{ type: 'image', source: {} }] };
    assert.equal(same(request(), request({ messages: [...request().messages, image] })), 2);
    assert.equal(same(request(), request({ max_tokens: 99, metadata: { user_id: 'u' } })), 3);
  });

  it('allows no marker on thinking and on empty text', () => {
    const content = [
      { type: 'thinking', thinking: 't' },
      { type: 'text', text: '' },
      { type: 'text', text: 'x' },
    ];
    const { positions } = promptBlocks({ model: 'm', system: '', messages: [{ role: 'assistant', content }] });
    assert.deepEqual(
      positions.map(({ canMark }) => canMark),
      [false, false, false, true],
    );
  });

  it("sees its producer's markers, wherever they stand, and does not hash them", () => {
    const marker = { cache_control: { type: 'ephemeral' } };
    const marked = [
      request(marker),
      request({ tools: [{ ...tool, ...marker }] }),
      request({ system: [{ type: 'text', text: 'instructions', ...marker }] }),
      request({ messages: [{ role: 'user', content: [{ type: 'text', text: 'document', ...marker }] }] }),
    ];
    for (const body of marked) {
      assert.equal(promptBlocks(body).hasOwnMarkers, true);
      assert.equal(same(body, request()), 3);
    }
    assert.equal(promptBlocks(request()).hasOwnMarkers, false);
  });

  it('looks at a bounded number of blocks, and counts the tokens of all', () => {
    const messages = Array.from({ length: 1_000 }, () => ({ role: 'user', content: 'four' }));
    const { positions, tokens } = promptBlocks({ model: 'm', messages });
    assert.deepEqual([positions.length, tokens], [promptPositionsMax, 1_000]);
  });

  it('never throws', () => {
    for (const body of ['', 'null', '[]', '"x"', '{"messages":', '{"messages":[1,null,{}],"system":[3],"tools":{}}']) {
      assert.doesNotThrow(() => promptBlocks(body));
    }
    assert.equal(promptBlocks('['), noBlocks);
  });
});

describe('PromptHeads', () => {
  const image = { type: 'image', source: {} };
  const bodies = [
    request(),
    request({}, 'another'),
    request({ max_tokens: 99, metadata: { user_id: 'u' } }),
    request({ output_config: { format } }),
    request({ output_config: { format } }, 'another'),
    request({ output_config: { effort: 'low', format } }),
    request({ output_config: { format, effort: 'low' } }),
    request({ tool_choice: { type: 'any' } }),
    request({ thinking: { type: 'adaptive' } }),
    request({ tools: [{ ...tool, name: 'other' }] }),
    request({ tools: [{ input_schema: tool.input_schema, name: tool.name }] }),
    request({ tools: [tool, tool] }),
    request({ system: 'instructions' }),
    request({ system: undefined }),
    request({ system: { 0: { type: 'text', text: 'instructions' } } }),
    request({ model: 'claude-haiku-5-5' }),
    request({ cache_control: { type: 'ephemeral' } }),
    request({ messages: [{ role: 'user', content: [image] }] }),
    request({ messages: [] }),
    request({ messages: 'no list' }),
    ...['a', 'b'].map(text =>
      request({ messages: [{ role: 'user', content: ['shared', 'too', text].map(textBlock) }] }),
    ),
    request({ messages: [{ role: 'assistant', content: ['shared', 'too', 'a'].map(textBlock) }] }),
    request({ messages: [{ role: 'user', content: [textBlock('shared'), image] }] }),
    request({ messages: ['shared', 'too', 'b'].map(content => ({ role: 'user', content })) }),
    // More blocks than have a position, and text behind them.
    ...['a', 'b'].map(text => request({ tools: Array.from({ length: promptPositionsMax + 2 }, () => tool) }, text)),
    // The same text as the block that follows, and markers are allowed on it.
    request({ messages: [{ role: 'user', content: JSON.stringify({ type: 'thinking', thinking: 't' }) }] }),
    request({ messages: [{ role: 'user', content: [{ type: 'thinking', thinking: 't' }] }] }),
    request({ messages: Array.from({ length: 200 }, () => ({ role: 'user', content: 'four' })) }),
    request({ messages: Array.from({ length: 300 }, () => ({ role: 'user', content: 'four' })) }),
  ];

  it('answers what reading anew answers, whatever was read before', () => {
    checkProperty(
      fc.property(fc.array(fc.constantFrom(...bodies), { minLength: 2, maxLength: 40 }), read => {
        const heads = new PromptHeads();
        for (const body of read) assert.deepEqual(inFull(promptBlocks(body, heads)), inFull(promptBlocks(body)));
      }),
      { runs: 300 },
    );
  });

  it('shares what two requests have in common, in front of their messages and at the start of them', () => {
    const heads = new PromptHeads();
    const read = ['first', 'second', 'third'].map(text =>
      promptBlocks(request({ messages: [{ role: 'user', content: ['handbook', text].map(textBlock) }] }), heads),
    );
    const [, second, third] = read.map(({ positions }) => positions);
    assert.deepEqual(
      third?.map((position, at) => position === second?.[at]),
      [true, true, true, false],
    );
  });
});
