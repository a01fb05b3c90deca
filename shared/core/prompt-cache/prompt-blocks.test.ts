import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noBlocks, promptBlocks } from './prompt-blocks.ts';
import { PromptHeads } from './prompt-heads.ts';
import { promptPositionsMax } from './prompt-positions.ts';

const tool = { name: 'look', input_schema: { type: 'object' } };
const format = { type: 'json_schema', schema: { type: 'object' } };

const request = (over: Record<string, unknown> = {}, text = 'document') => ({
  model: 'claude-haiku-4-5',
  max_tokens: 10,
  tools: [tool],
  system: [{ type: 'text', text: 'instructions' }],
  messages: [{ role: 'user', content: text }],
  ...over,
});

const hashes = (body: Record<string, unknown>) => promptBlocks(body).positions.map(({ hash }) => hash);

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
    assert.deepEqual(promptBlocks(JSON.stringify(request())), promptBlocks(request()));
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
  it('answers what reading anew answers', () => {
    const heads = new PromptHeads();
    const bodies = [
      request(),
      request({}, 'another "messages":[ text'),
      request({ output_config: { format } }),
      request({ output_config: { format } }, '],"output_config":{}'),
      request({ tools: [{ name: 'messages', messages: [] }], system: '"messages":[' }),
      request({ tools: [{ name: 'messages', messages: [] }], system: '"messages":[' }, 'second'),
      { messages: [{ role: 'user', content: 'first of all' }], model: 'm' },
      { messages: [{ role: 'user', content: 'first of all' }], model: 'm', system: 's' },
      request({ messages: [{ role: 'user', content: [{ type: 'image', source: {} }] }] }),
      request({ messages: [] }),
      request({ messages: 'no list' }),
    ];
    for (const body of [...bodies, ...bodies]) {
      const text = JSON.stringify(body);
      assert.deepEqual(promptBlocks(text, heads), promptBlocks(text));
    }
  });

  it('is not led astray by a second list of messages', () => {
    const heads = new PromptHeads();
    const texts = ['a', 'b'].map(
      content => `{"model":"m","messages":[{"role":"user","content":"${content}"}],"messages":[]}`,
    );
    for (const text of texts) assert.deepEqual(promptBlocks(text, heads), promptBlocks(text));
  });
});
