import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import { type BuiltItem, batchRequests } from './batch-requests.ts';
import type { MarkerTtl, WorstCost } from './caps/cap-worst-case.ts';

const runName = fc.constantFrom(null, 'A', 'B', '__proto__', 'constructor', 'toString', 'hasOwnProperty');

const nano = fc.nat(1_000_000);

const item: fc.Arbitrary<BuiltItem> = recordOf({
  partition: fc.nat(3),
  offset: fc.nat(999_999_999_999),
  att: fc.nat(3),
  run: runName,
  deadlineAt: fc.nat(Number.MAX_SAFE_INTEGER),
  body: fc.jsonValue().map(value => JSON.stringify(value)),
  tenant: fc.constantFrom(null, 'acme'),
  costMax: fc.option(recordOf({ none: nano, '5m': nano, '1h': nano }), { freq: 5 }),
});

describe('the requests of a batch', () => {
  it('carries the earliest deadline and the worst cost of each run, unknown as soon as one price is', () => {
    checkProperty(
      fc.property(fc.array(item, { minLength: 1, maxLength: 12 }), items => {
        const { deadlineAt, costMaxByRun } = batchRequests(items);
        assert.equal(deadlineAt, Math.min(...items.map(one => one.deadlineAt)));
        const model = new Map<string, WorstCost | null>();
        for (const { run, costMax } of items) {
          const before = model.get(run ?? '');
          const sum = (ttl: MarkerTtl): number => (before?.[ttl] ?? 0) + (costMax?.[ttl] ?? 0);
          const isUnknown = costMax === null || before === null;
          model.set(run ?? '', isUnknown ? null : { none: sum('none'), '5m': sum('5m'), '1h': sum('1h') });
        }
        assert.deepEqual(new Map(Object.entries(costMaxByRun)), model);
      }),
    );
  });

  it('S5: a run named like a property of every object keeps its cost', () => {
    for (const run of ['__proto__', 'constructor', 'toString']) {
      const costMax = { none: 5, '5m': 6, '1h': 7 };
      const one = { partition: 0, offset: 0, att: 0, run, tenant: null, deadlineAt: 1, body: '{}', costMax };
      const { costMaxByRun } = batchRequests([one, { ...one, offset: 1 }]);
      assert.deepEqual(Object.entries(costMaxByRun), [[run, { none: 10, '5m': 12, '1h': 14 }]]);
    }
  });
});
