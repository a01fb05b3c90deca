import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import type { MarkerTtl, WorstCost } from './caps/cap-worst-case.ts';
import { buildPayload, decodePayload, encodePayload, isPayloadOf, type PayloadItem } from './payload.ts';
import type { Item } from './view.ts';

const runName = fc.constantFrom(null, 'A', 'B', '__proto__', 'constructor', 'toString', 'hasOwnProperty');

const nano = fc.nat(1_000_000);

const item: fc.Arbitrary<PayloadItem> = recordOf({
  partition: fc.nat(3),
  offset: fc.nat(999_999_999_999),
  att: fc.nat(3),
  run: runName,
  deadlineAt: fc.nat(Number.MAX_SAFE_INTEGER),
  body: fc.jsonValue().map(value => JSON.stringify(value)),
  tenant: fc.constantFrom(null, 'acme'),
  costMax: fc.option(recordOf({ none: nano, '5m': nano, '1h': nano }), { freq: 5 }),
});

const asItem = ({ partition, offset, att }: PayloadItem): Item => {
  return { partition, offset, att, charged: 0, uncharged: 0, isDuplicate: false, of: null };
};

describe('a payload', () => {
  it('is decoded as it was encoded, bodies byte for byte: line separators, quotes and emoji included', () => {
    checkProperty(
      fc.property(fc.array(item, { maxLength: 12 }), items => {
        const payload = buildPayload(items);
        const bytes = encodePayload(payload);
        assert.deepEqual(decodePayload(bytes), payload);
        const shifted = Buffer.concat([Buffer.from('xx'), bytes]).subarray(2);
        assert.deepEqual(decodePayload(shifted), payload, 'also as a part of a larger buffer');
      }),
    );
  });

  it('carries the earliest deadline and the worst cost of each run, unknown as soon as one price is', () => {
    checkProperty(
      fc.property(fc.array(item, { minLength: 1, maxLength: 12 }), items => {
        const { deadlineAt, costMaxByRun } = buildPayload(items);
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

  it('S5: a run named like a property of every object keeps its cost, also after it was stored', () => {
    for (const run of ['__proto__', 'constructor', 'toString']) {
      const costMax = { none: 5, '5m': 6, '1h': 7 };
      const one = { partition: 0, offset: 0, att: 0, run, tenant: null, deadlineAt: 1, body: '{}', costMax };
      const payload = decodePayload(encodePayload(buildPayload([one, { ...one, offset: 1 }])));
      assert.deepEqual(Object.entries(payload?.costMaxByRun ?? {}), [[run, { none: 10, '5m': 12, '1h': 14 }]]);
    }
  });

  it('is null when the bytes are no payload: torn, empty, of something else', () => {
    const bytes = encodePayload(
      buildPayload([
        { partition: 0, offset: 0, att: 0, run: null, tenant: null, deadlineAt: 1, body: '{}', costMax: null },
      ]),
    );
    const wrong = ['', '\n', 'null', '[]', '{}', '"x"', '{"claims":[[0,0,0]]}', '{"claims":[]}\n{}', '\u0000\u00ff'];
    for (const text of wrong) assert.equal(decodePayload(Buffer.from(text)), null, JSON.stringify(text));
    assert.equal(decodePayload(bytes.subarray(0, 20)), null);
  });

  it('is of a batch only if it holds exactly what that batch won, in its order (C5)', () => {
    checkProperty(
      fc.property(
        fc.uniqueArray(item, { minLength: 1, maxLength: 8, selector: one => one.offset }),
        fc.nat(7),
        (items, at) => {
          const payload = buildPayload(items);
          assert.equal(isPayloadOf(payload, items.map(asItem)), true);
          const lost = items.filter((_, index) => index !== at % items.length);
          assert.equal(isPayloadOf(payload, lost.map(asItem)), false);
          if (items.length > 1) assert.equal(isPayloadOf(payload, items.toReversed().map(asItem)), false);
          const again = items.map((one, index) => (index === at % items.length ? { ...one, att: one.att + 1 } : one));
          assert.equal(isPayloadOf(payload, again.map(asItem)), false);
        },
      ),
    );
  });
});
