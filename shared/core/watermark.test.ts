import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import { Watermark } from './watermark.ts';

/** Delivered offsets of a log with gaps (transaction markers, aborted records), and what happens to them in which order. */
const deliveries = recordOf({
  from: fc.nat(1_000),
  gaps: fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 }),
  tail: fc.nat(10),
  sealOrder: fc.array(fc.nat(1_000), { maxLength: 60 }),
  reads: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 20 }),
});

describe('the low watermark over offsets with gaps', () => {
  it('is never above a delivered record that is not sealed, never falls, and reaches where reading goes on (C6)', () => {
    checkProperty(
      fc.property(deliveries, ({ from, gaps, tail, sealOrder, reads }) => {
        let at = from;
        const offsets = gaps.map(gap => {
          at += gap + 1;
          return at - 1;
        });
        const end = at + tail;
        const watermark = new Watermark(from);
        const open = new Set<number>();
        const seals = [...sealOrder];
        let last = watermark.value();
        assert.equal(last, from);
        const check = (): void => {
          const value = watermark.value();
          for (const offset of open) assert.ok(value <= offset, `${value} is above ${offset}`);
          assert.ok(value >= last, `${value} fell below ${last}`);
          last = value;
        };
        for (let read = 0; offsets.length > 0; read++) {
          const some = offsets.splice(0, reads[read % (reads.length || 1)] ?? 3);
          for (const offset of some) {
            watermark.delivered(offset);
            open.add(offset);
          }
          watermark.advancedTo(offsets[0] === undefined ? end : (some.at(-1) as number) + 1);
          check();
          for (const pick of seals.splice(0, 3)) {
            const offset = [...open][pick % (open.size || 1)];
            if (offset === undefined) continue;
            watermark.sealed(offset);
            open.delete(offset);
            check();
          }
        }
        for (const offset of [...open].reverse()) {
          watermark.sealed(offset);
          open.delete(offset);
          check();
        }
        watermark.advancedTo(end);
        assert.equal(watermark.value(), end);
      }),
    );
  });

  it('waits for the first of several records, although later ones are sealed (C5)', () => {
    const watermark = new Watermark(10);
    for (const offset of [11, 15, 40]) watermark.delivered(offset);
    watermark.advancedTo(50);
    watermark.sealed(15);
    watermark.sealed(40);
    assert.equal(watermark.value(), 11);
    watermark.sealed(11);
    assert.equal(watermark.value(), 50);
  });

  it('goes over records that were not delivered at all: they were sealed before a restart', () => {
    const watermark = new Watermark(0);
    watermark.advancedTo(500);
    assert.equal(watermark.value(), 500);
  });

  it('takes a record sealed twice, or never delivered, as it is', () => {
    const watermark = new Watermark(0);
    watermark.delivered(3);
    watermark.sealed(9);
    watermark.sealed(3);
    watermark.sealed(3);
    watermark.advancedTo(4);
    assert.equal(watermark.value(), 4);
  });
});
