import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { readEnvelope } from './envelope.ts';
import { headerNames } from './headers.ts';
import { documentDeadlineMsDefault } from './limits.ts';

const at = Date.UTC(2026, 10, 15);
const read = (headers: Record<string, string>) => readEnvelope({ partition: 1, offset: 2, at, headers });

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
    };
    const { rid, ...rest } = read(headers);
    assert.deepEqual(rid, { partition: 1, offset: 2 });
    const deadlineAt = Date.UTC(2026, 10, 16);
    assert.deepEqual(rest, { run: 'r_1', line: 17, deadlineAt, idempotencyKey: 'k', replayOf: '0/3', replayCount: 2 });
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
});
