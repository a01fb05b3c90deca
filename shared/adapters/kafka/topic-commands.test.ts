import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { renderTopicCommands } from './topic-commands.ts';
import { planTopics } from './topic-plan.ts';

const script = new URL('../../../infra/kafka/create-topics.sh', import.meta.url);

describe('infra/kafka/create-topics.sh', () => {
  it('makes the topics that a fleet would make itself', () => {
    const topicPrefix = 'flotilla';
    assert.equal(readFileSync(script, 'utf8'), renderTopicCommands(planTopics({ topicPrefix }), topicPrefix));
  });
});
