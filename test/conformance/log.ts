import { after, before, describe } from 'node:test';
import { describeAppending } from './log-appending.ts';
import type { LogUnderTest, MakeLog } from './log-fixture.ts';
import { describePositions } from './log-positions.ts';
import { describeReading } from './log-reading.ts';
import { describeTransactions } from './log-transactions.ts';
import { describeWaiting } from './log-waiting.ts';

/** The contract of `#ports/log.ts`, the same for every adapter. */
export function describeLog(name: string, make: MakeLog): void {
  describe(`log: ${name}`, () => {
    let current: LogUnderTest;
    before(async () => {
      const fixture = await make();
      current = { fixture, log: await fixture.connect(), other: await fixture.connect() };
    });
    after(() => current.fixture.close());

    const get = (): LogUnderTest => current;
    describeAppending(get);
    describeReading(get);
    describeTransactions(get);
    describePositions(get);
    describeWaiting(get);
  });
}
