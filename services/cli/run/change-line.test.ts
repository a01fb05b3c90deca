import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChangeLines } from './change-line.ts';
import { endOfRun, middleOfRun } from './snapshot-for-tests.ts';

const now = Date.UTC(2026, 10, 23, 10, 12, 41);

describe('ChangeLines', () => {
  it('is one line of key=value with an ISO time', () => {
    assert.equal(
      new ChangeLines().next(middleOfRun, now),
      '2026-11-23T10:12:41Z run=r_8f2c01d7aa10 ok=6214 dead=3 total=10000 read=all in_lanes=12 waiting_batches=3 ' +
        'at_provider=1900 provider_batches=19 retrying=71 cost_usd=9.41 projected_usd=15.10 cap_usd=20.00',
    );
  });

  it('tells of creates that lost their reply', () => {
    const lost = { ...middleOfRun, creating: { batches: 4, oldestMs: 30_000 } };
    assert.match(new ChangeLines().next(lost, now) ?? '', / provider_batches=19 unanswered_creates=4 retrying=71 /);
  });

  it('quotes a value with spaces', () => {
    const held = { ...middleOfRun, held: 'provider unavailable: connect ECONNREFUSED' };
    assert.match(new ChangeLines().next(held, now) ?? '', / held="provider unavailable: connect ECONNREFUSED"$/);
  });

  it('says nothing while nothing changes', () => {
    const lines = new ChangeLines();
    lines.next(middleOfRun, now);
    assert.equal(lines.next({ ...middleOfRun, elapsedMs: 9_999_999 }, now + 60_000), null);
  });

  it('says at most one line in 10 s, but always the last one', () => {
    const lines = new ChangeLines();
    lines.next(middleOfRun, now);
    assert.equal(lines.next(endOfRun, now + 9_999), null);
    assert.match(lines.next(endOfRun, now + 9_999, { isLast: true }) ?? '', /ok=9997/);
    assert.match(lines.next(middleOfRun, now + 20_000) ?? '', /ok=6214/);
  });

  it('says what holds a run back', () => {
    const held = { ...middleOfRun, held: 'breaker', parked: { count: 4, why: 'a cap', isOwn: true }, simulated: true };
    assert.match(new ChangeLines().next(held, now) ?? '', /parked=4 held=breaker simulated=true$/);
  });
});
