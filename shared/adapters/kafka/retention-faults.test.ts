import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { retentionFault } from './retention-faults.ts';

const days = (count: number): number => count * 24 * 3_600_000;
const ever = -1;

describe('retentionFault', () => {
  for (const [documents, journal, settled, fault] of [
    [days(14), days(21), days(28), null],
    [days(1), days(90), days(365), null],
    [days(14), ever, ever, null],
    [ever, ever, ever, null],
    [days(14), days(20), days(28), /documents are kept 14 days, and the journal that claims them only 20 days/],
    [days(14), days(21), days(27), /the journal is kept 21 days, and what settles its batches only 27 days/],
    [ever, days(21), days(28), /documents are kept for ever, and the journal that claims them only 21 days/],
    [days(14), ever, days(28), /both for ever, or neither/],
    [days(14), days(21), ever, /both for ever, or neither/],
  ] as const) {
    it(`${fault === null ? 'accepts' : 'refuses'} ${documents}, ${journal}, ${settled}`, () => {
      const found = retentionFault({ documents, journal, settled });
      if (fault === null) assert.equal(found, null);
      else assert.match(found ?? '', fault);
    });
  }
});
