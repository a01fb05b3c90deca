import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkFailureAllowance, parseCount, parseDuration, parsePort } from './parse-flags.ts';

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

  it('take what may fail', () => {
    assert.deepEqual(['0', '10', '2%', '0.5%'].map(checkFailureAllowance), ['0', '10', '2%', '0.5%']);
    for (const text of ['', '-1', '1.5', '101%', 'all']) assert.throws(() => checkFailureAllowance(text));
  });
});
