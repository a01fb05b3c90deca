import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EndedBatches } from './ended-batches.ts';
import type { MessageBatch } from './read-message-batch.ts';

const owner = 'organization/workspace';

const messageBatch = (pid: string, more: Partial<MessageBatch> = {}): MessageBatch => ({
  pid,
  createdAt: 1,
  endedAt: 2,
  hasEnded: true,
  itemCount: 3,
  label: null,
  rawStatus: 'ended',
  lineCount: 3,
  resultsUrl: `https://api.example/${pid}/results`,
  ...more,
});

describe('EndedBatches', () => {
  it('gives what a list has shown, with whose it was, once', () => {
    const ended = new EndedBatches();
    ended.remember([messageBatch('a'), messageBatch('b')], owner);
    assert.deepEqual(ended.take('a'), {
      batch: { pid: 'a', lineCount: 3, endedAt: 2, resultsUrl: 'https://api.example/a/results' },
      owner,
    });
    ended.remember([messageBatch('a')], owner);
    assert.equal(ended.take('a'), null);
    assert.equal(ended.take('b')?.owner, owner);
  });

  it('does not know what is still running, or what has no results any more', () => {
    const ended = new EndedBatches();
    ended.remember(
      [messageBatch('a', { hasEnded: false, endedAt: null }), messageBatch('b', { resultsUrl: null })],
      owner,
    );
    assert.equal(ended.take('a'), null);
    assert.equal(ended.take('b'), null);
  });

  it('forgets the oldest', () => {
    const ended = new EndedBatches();
    ended.remember(
      Array.from({ length: 1_001 }, (_, index) => messageBatch(`${index}`)),
      owner,
    );
    assert.equal(ended.take('0'), null);
    assert.notEqual(ended.take('1'), null);
  });
});
