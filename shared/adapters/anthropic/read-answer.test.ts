import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAnswer } from './read-answer.ts';

describe('readAnswer', () => {
  const finishes = [
    ['end_turn', 'complete'],
    ['tool_use', 'complete'],
    ['stop_sequence', 'complete'],
    ['invented', 'complete'],
    [null, 'complete'],
    ['refusal', 'refused'],
    ['max_tokens', 'truncated'],
    ['model_context_window_exceeded', 'truncated'],
    ['pause_turn', 'truncated'],
  ] as const;
  for (const [stopReason, finish] of finishes) {
    it(`${stopReason} is ${finish}`, () => assert.equal(readAnswer({ stop_reason: stopReason })?.finish, finish));
  }

  it('O10: joins all text blocks and leaves out the others', () => {
    const content = [
      { type: 'thinking', text: 'no' },
      { type: 'text', text: 'a' },
      null,
      { type: 'text' },
      { type: 'text', text: 'b' },
    ];
    assert.equal(readAnswer({ content })?.text, 'ab');
  });

  const usages = [
    [undefined, [0, 0, 0, 0, 0]],
    [{ input_tokens: 220, output_tokens: 34, cache_read_input_tokens: 1840 }, [220, 34, 1840, 0, 0]],
    [{ cache_creation_input_tokens: 70 }, [0, 0, 0, 70, 0]],
    [
      {
        cache_creation_input_tokens: 70,
        cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 50 },
      },
      [0, 0, 0, 20, 50],
    ],
    [{ cache_creation_input_tokens: 70, cache_creation: null }, [0, 0, 0, 70, 0]],
    [{ input_tokens: 'many', output_tokens: -1, cache_read_input_tokens: null }, [0, 0, 0, 0, 0]],
  ] as const;
  for (const [usage, counts] of usages) {
    it(`counts ${JSON.stringify(usage)}`, () => {
      const [input, output, cacheRead, cacheWrite5m, cacheWrite1h] = counts;
      assert.deepEqual(readAnswer({ usage })?.usage, { input, output, cacheRead, cacheWrite5m, cacheWrite1h });
    });
  }

  it('keeps the message as it is, and is nothing without one', () => {
    const message = { model: 'claude-haiku-5-5', later: { field: [1] } };
    assert.equal(readAnswer(message)?.body, message);
    assert.equal(readAnswer(message)?.model, 'claude-haiku-5-5');
    assert.equal(readAnswer(undefined), null);
    assert.equal(readAnswer('text'), null);
  });
});
