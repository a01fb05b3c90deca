import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkFailureAllowance,
  parseCostKeys,
  parseCount,
  parseDay,
  parseDuration,
  parsePort,
  parseShare,
} from './parse-flags.ts';

describe('flags', () => {
  it('take times', () => {
    assert.deepEqual(
      ['90', '90s', '1.5m', '2h', '1d', '500ms'].map(parseDuration),
      [90_000, 90_000, 90_000, 7_200_000, 86_400_000, 500],
    );
    for (const text of ['', 'soon', '-1s', '1w', '1e3']) assert.throws(() => parseDuration(text));
  });

  it('take ports and counts', () => {
    assert.deepEqual(['0', '7070', '65535'].map(parsePort), [0, 7_070, 65_535]);
    for (const text of ['-1', '65536', 'http', '']) assert.throws(() => parsePort(text));
    assert.equal(parseCount('12'), 12);
    for (const text of ['0', '-1', '1.5', '']) assert.throws(() => parseCount(text));
  });

  it('take what a report is about', () => {
    assert.deepEqual(parseCostKeys('task, day,task'), ['task', 'day']);
    for (const text of ['', 'tasks', 'task,']) assert.throws(() => parseCostKeys(text));
    assert.equal(parseDay('2028-02-29'), '2028-02-29');
    for (const text of ['2026-02-29', '2026-2-1', 'today', '']) assert.throws(() => parseDay(text));
    assert.deepEqual(['1%', '0.5%', '50%'].map(parseShare), [0.01, 0.005, 0.5]);
    for (const text of ['0%', '51%', '1', '-1%', '1e1%']) assert.throws(() => parseShare(text));
  });

  it('take what may fail', () => {
    assert.deepEqual(['0', '10', '2%', '0.5%'].map(checkFailureAllowance), ['0', '10', '2%', '0.5%']);
    for (const text of ['', '-1', '1.5', '101%', 'all']) assert.throws(() => checkFailureAllowance(text));
  });
});
