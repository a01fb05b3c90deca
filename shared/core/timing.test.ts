import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { batchBytesMax } from './limits.ts';
import { timingFor } from './timing.ts';

const scale = fc.oneof(
  fc.constant(1),
  fc.integer({ min: 1, max: 100_000 }),
  fc.double({ min: 1, max: 1e6, noNaN: true }),
);
const bodyMbMax = batchBytesMax / 1024 / 1024;

describe('timingFor', () => {
  it('is the protocol (§7) at scale 1', () => {
    const { sendMs, httpMs, skewMs, settleMs, sweepMs, lookMinMs, lookMaxMs, clockOffMs, lostLinesMs } = timingFor();
    assert.deepEqual([sendMs, httpMs, skewMs, settleMs, sweepMs], [5_000, 30_000, 120_000, 900_000, 20_000]);
    assert.deepEqual([lookMinMs, lookMaxMs, clockOffMs, lostLinesMs], [250, 300_000, 30_000, 3_600_000]);
  });

  it('S3: a create that may still be on its way is never proven absent, whatever the scale and the body', () => {
    checkProperty(
      fc.property(scale, factor => {
        const { sendMs, httpMs, httpPerMbMs, settleMs } = timingFor(factor);
        const callMaxMs = sendMs + httpMs + httpPerMbMs * bodyMbMax;
        assert.ok(settleMs > callMaxMs, `T_settle ${settleMs} ms, the call takes up to ${callMaxMs} ms`);
      }),
    );
  });

  it('leaves a provider ten minutes to list what it accepted, at scale 1', () => {
    const { httpMs, httpPerMbMs, settleMs } = timingFor();
    assert.ok(settleMs > httpMs + httpPerMbMs * bodyMbMax + 600_000);
  });

  it('divides what the provider takes, and never what is ours', () => {
    checkProperty(
      fc.property(scale, factor => {
        const [real, scaled] = [timingFor(), timingFor(factor)];
        for (const name of ['sendMs', 'skewMs', 'sweepMs', 'clockOffMs'] as const)
          assert.equal(scaled[name], real[name]);
        assert.equal(scaled.lostLinesMs, real.lostLinesMs / factor);
        assert.ok(scaled.lookMinMs <= scaled.lookMaxMs && scaled.readAgainMinMs <= scaled.readAgainMaxMs);
        assert.ok(scaled.breakerMinMs <= scaled.breakerMaxMs);
        for (const value of Object.values(scaled)) assert.ok(Number.isFinite(value) && value >= 0);
      }),
    );
  });
});
