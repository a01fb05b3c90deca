import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogRecord } from '#ports/log.ts';
import type { DeadLetter } from '../dead-letters/dead-letter.ts';
import { nextReplayKey, refusalOf, replayRecord, replayRunOf } from './plan-replay.ts';

const letter: DeadLetter = {
  rid: { partition: 0, offset: 17 },
  run: 'r_1',
  customId: 'a',
  cause: 'refused',
  class: 'document',
  message: 'declined',
  line: 4,
  attempts: 1,
  replayCount: 0,
  text: '',
};

const origin: LogRecord = {
  partition: 0,
  offset: 17,
  at: 1,
  key: 'a',
  value: Buffer.from('{"custom_id":"a"}'),
  headers: {
    'flotilla-run': 'r_1',
    'flotilla-line': '4',
    'flotilla-task': 'classify',
    'flotilla-deadline': '2020-01-01T00:00:00Z',
    'idempotency-key': 'mine',
    traceparent: '00-1-2-01',
  },
};

describe('a replay', () => {
  it('is the document again, with its lineage', () => {
    const record = replayRecord(letter, { origin, run: 'p_1', line: 1 });
    assert.equal(record.value, origin.value);
    assert.deepEqual(record.headers, {
      'flotilla-task': 'classify',
      traceparent: '00-1-2-01',
      'flotilla-run': 'p_1',
      'flotilla-line': '1',
      'idempotency-key': 'replay-of.0/17#1',
      'flotilla-replay-of': '0/17',
      'flotilla-replay-count': '1',
    });
  });

  it('has one key however often it is sent, and another after it failed again', () => {
    assert.equal(nextReplayKey(letter), nextReplayKey({ ...letter }));
    assert.equal(nextReplayKey({ ...letter, replayCount: 2 }), 'replay-of.0/17#3');
  });

  it('is a run of its own, named by what it replays', () => {
    const other = { ...letter, rid: { partition: 0, offset: 18 } };
    assert.equal(replayRunOf([letter, other]), replayRunOf([other, letter]));
    assert.notEqual(replayRunOf([letter]), replayRunOf([other]));
    assert.match(replayRunOf([letter]), /^p_[0-9a-f]{12}$/);
  });

  it('is refused after three', () => {
    const counts = [0, 1, 2, 3, 4].map(replayCount => refusalOf({ ...letter, replayCount }, { isNamed: true }));
    assert.deepEqual(counts, [null, null, null, 'replay-limit', 'replay-limit']);
  });

  it('leaves out duplicates unless they are named', () => {
    const duplicate = { ...letter, cause: 'duplicate' };
    assert.equal(refusalOf(duplicate, { isNamed: false }), 'duplicate');
    assert.equal(refusalOf(duplicate, { isNamed: true }), null);
  });
});
