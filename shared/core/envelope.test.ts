import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { readEnvelope } from './envelope.ts';
import { headerNames } from './headers.ts';
import { documentDeadlineMsDefault } from './limits.ts';

const at = Date.UTC(2026, 10, 15);
const read = (headers: Record<string, string>) => readEnvelope({ partition: 1, offset: 2, at, headers });

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const event = {
  [headerNames.eventVersion]: '1.0',
  [headerNames.eventId]: '17',
  [headerNames.eventSource]: '/orders',
  [headerNames.eventType]: 'order.placed',
};
const keyOf = (headers: Record<string, string>): string | null => read(headers).idempotencyKey;

describe('readEnvelope', () => {
  it('of a bare record is the defaults: five days from its append', () => {
    assert.deepEqual(read({}), {
      rid: { partition: 1, offset: 2 },
      run: null,
      line: null,
      deadlineAt: at + documentDeadlineMsDefault,
      idempotencyKey: null,
      replayOf: null,
      replayCount: 0,
      tenant: null,
      mayReuse: true,
      trace: null,
      event: null,
      fault: null,
    });
  });

  it('reads every header of ours', () => {
    const headers = {
      [headerNames.run]: 'r_1',
      [headerNames.line]: '17',
      [headerNames.deadline]: '2026-11-16T00:00:00Z',
      [headerNames.idempotencyKey]: 'k',
      [headerNames.replayOf]: '0/3',
      [headerNames.replayCount]: '2',
      [headerNames.tenant]: 'acme',
      [headerNames.reuse]: 'no',
      [headerNames.traceparent]: traceparent,
      [headerNames.tracestate]: 'vendor=1',
      ...event,
    };
    const { rid, ...rest } = read(headers);
    assert.deepEqual(rid, { partition: 1, offset: 2 });
    const deadlineAt = Date.UTC(2026, 10, 16);
    assert.deepEqual(rest, {
      run: 'r_1',
      line: 17,
      deadlineAt,
      idempotencyKey: 'k',
      replayOf: '0/3',
      replayCount: 2,
      tenant: 'acme',
      mayReuse: false,
      trace: { parent: traceparent, state: 'vendor=1' },
      event: { id: '17', source: '/orders', type: 'order.placed' },
      fault: null,
    });
  });

  it('never throws: an odd header counts as absent', () => {
    const names = fc.constantFrom(...Object.values(headerNames));
    checkProperty(
      fc.property(fc.dictionary(names, fc.string()), headers => {
        const { deadlineAt, line, replayCount } = read(headers);
        assert.ok(Number.isFinite(deadlineAt) && Number.isFinite(replayCount) && (line === null || line >= 0));
      }),
    );
  });

  for (const text of ['5', 'soon', '', '2026', 'Monday', 'tomorrow 5', '-1', '1e12', '2026-13-01', '11/12', '16']) {
    it(`takes ${JSON.stringify(text)} for no deadline, not for one long ago`, () => {
      assert.equal(read({ [headerNames.deadline]: text }).deadlineAt, at + documentDeadlineMsDefault);
    });
  }

  for (const [text, deadlineAt] of [
    [String(at), at],
    ['2026-11-15T00:00:00Z', at],
    ['2026-11-15T00:00:00.000Z', at],
    ['2026-11-15T01:00:00+01:00', at],
    ['2026-11-15', at],
  ] as const) {
    it(`reads ${text} as a deadline`, () =>
      assert.equal(read({ [headerNames.deadline]: text }).deadlineAt, deadlineAt));
  }

  it('takes a well-formed trace context and nothing else', () => {
    const traceOf = (headers: Record<string, string>) => read(headers).trace;
    const later = 'cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what.comes.later';
    assert.equal(traceOf({ traceparent: later })?.parent, later);
    const zeros = '00-00000000000000000000000000000000-b7ad6b7169203331-01';
    for (const wrong of ['', 'x', traceparent.toUpperCase(), `${traceparent}-00`, zeros, `ff${traceparent.slice(2)}`]) {
      assert.equal(traceOf({ traceparent: wrong, tracestate: 'vendor=1' }), null, wrong);
      assert.equal(read({ traceparent: wrong }).fault, null, 'what only describes is never a fault');
    }
    assert.deepEqual(traceOf({ traceparent, tracestate: 'x'.repeat(513) }), { parent: traceparent, state: null });
  });

  it('an event claims source and id together, unless it brings a key', () => {
    const key = keyOf(event);
    assert.match(key ?? '', /^cloudevent\.[\w-]{22}$/);
    assert.equal(keyOf({ ...event, [headerNames.eventType]: 'other' }), key);
    assert.notEqual(keyOf({ ...event, [headerNames.eventId]: '18' }), key);
    assert.notEqual(keyOf({ ...event, [headerNames.eventSource]: '/other' }), key);
    assert.equal(keyOf({ ...event, [headerNames.idempotencyKey]: 'k' }), 'k');
  });

  it('what lacks a required attribute is no event, and claims nothing', () => {
    for (const name of Object.keys(event)) {
      for (const value of ['', 'x'.repeat(1_025)]) {
        assert.deepEqual([read({ ...event, [name]: value }).event, keyOf({ ...event, [name]: value })], [null, null]);
      }
    }
    assert.equal(read({ ...event, [headerNames.eventVersion]: '0.3' }).event, null);
  });

  it('a replay claims what it replays, however it was sent (C21)', () => {
    assert.equal(keyOf({ [headerNames.replayOf]: '0/17' }), 'replay-of.0/17#1');
    assert.equal(keyOf({ [headerNames.replayOf]: '0/17', [headerNames.replayCount]: '2' }), 'replay-of.0/17#2');
    assert.equal(keyOf({ [headerNames.replayOf]: '0/17', [headerNames.idempotencyKey]: 'k' }), 'k');
  });

  it('a dead letter that was put back as it was is the next replay of its document', () => {
    const letter = {
      [headerNames.rid]: '2/17',
      [headerNames.reason]: 'refused',
      [headerNames.replayCount]: '1',
      [headerNames.replayOf]: '2/3',
      [headerNames.run]: 'r_1',
      [headerNames.line]: '4',
      [headerNames.idempotencyKey]: 'of its former life',
    };
    const { replayOf, replayCount, idempotencyKey, run, line, fault } = read(letter);
    assert.deepEqual([replayOf, replayCount, idempotencyKey], ['2/17', 2, 'replay-of.2/17#2']);
    assert.deepEqual([run, line, fault], [null, null, null]);
    assert.equal(read({ ...letter, [headerNames.replayCount]: '3' }).fault?.code, 'replay-limit');
  });

  for (const [name, text] of [
    [headerNames.idempotencyKey, 'k'.repeat(513)],
    [headerNames.run, 'r'.repeat(513)],
    [headerNames.tenant, 't'.repeat(513)],
    [headerNames.deadline, 'tomorrow'],
    [headerNames.deadline, '5'],
    [headerNames.replayOf, '0/x'],
    [headerNames.replayCount, '-1'],
  ] as const) {
    it(`calls ${name}: ${text.slice(0, 10)} a fault, because doing something else would cost money`, () => {
      const { fault } = read({ [name]: text });
      assert.deepEqual([fault?.code, fault?.where], ['invalid-header', `header ${name}`]);
      assert.equal(fault?.why.includes(text), false, 'what came from outside is not repeated');
      assert.equal(read({ [name]: '' }).fault, null, 'an empty header is an absent one');
    });
  }

  it('refuses what was replayed too often', () => {
    assert.equal(read({ [headerNames.replayCount]: '3' }).fault, null);
    assert.equal(read({ [headerNames.replayCount]: '4' }).fault?.code, 'replay-limit');
  });
});
