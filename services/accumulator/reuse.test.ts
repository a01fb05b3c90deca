import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headerNames } from '#core/headers.ts';
import {
  TestFleet,
  type TestFleetOptions,
  type TestResult,
  type TestWorker,
  taskLine,
} from '#test/support/test-fleet.ts';

const answers = { ttlMs: 3_600_000, entriesMax: 100 };

async function setup(options: TestFleetOptions = {}): Promise<{ fleet: TestFleet; worker: TestWorker }> {
  const fleet = new TestFleet({ answers, ...options });
  return { fleet, worker: await fleet.worker() };
}

/** The same request under another name. */
const same = (customId: string, rest: Record<string, unknown> = {}): string =>
  taskLine(customId, 'summarise', { content: 'The harbour was built in 1882.', ...rest });

const bought = (fleet: TestFleet): number => fleet.provider.batches.flatMap(({ customIds }) => customIds).length;
const byRid = (fleet: TestFleet): TestResult[] => fleet.results().sort((a, b) => (a.rid < b.rid ? -1 : 1));

describe('Reuse: documents with the same request in flight together', () => {
  it('are bought once and answered each', async () => {
    const { fleet, worker } = await setup();
    for (const id of ['a', 'b', 'c']) await fleet.enqueue(1, { value: same(id) });
    await fleet.settleDown(worker, { forMs: 90_000 });
    fleet.assertAnsweredOnce(3);
    assert.equal(bought(fleet), 1);
    const [first, ...others] = byRid(fleet);
    assert.equal(first?.reusedFrom, undefined);
    for (const other of others) {
      assert.equal(other.reusedFrom, first?.rid);
      assert.deepEqual(other.output, first?.output);
      assert.equal(other.attempts, 0);
      assert.equal(other.cost?.billed_usd ?? '0.00', '0.00');
    }
    const headers = fleet.cluster.committed('results', 0).map(record => record.headers[headerNames.reusedFrom]);
    assert.deepEqual(headers.filter(Boolean), ['0/0', '0/0']);
  });
});
