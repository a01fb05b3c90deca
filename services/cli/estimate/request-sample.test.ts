import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noFeatures } from '#core/estimate/text-features.ts';
import { RequestSample } from './request-sample.ts';

function sampleOf(max: number, bodies: readonly string[]): readonly number[] {
  const sample = new RequestSample(max);
  for (const [ordinal, body] of bodies.entries()) sample.offer({ ordinal, group: 'g', body, features: noFeatures });
  return sample.requests.map(({ ordinal }) => ordinal);
}

const bodies = (count: number): string[] => Array.from({ length: count }, () => '{}');

describe('RequestSample', () => {
  it('keeps so many, from everywhere in the file, and the same every time', () => {
    const kept = sampleOf(1_000, bodies(10_000));
    assert.deepEqual([kept.length, new Set(kept).size], [1_000, 1_000]);
    assert.deepEqual(kept, sampleOf(1_000, bodies(10_000)));
    for (let tenth = 0; tenth < 10; tenth++) {
      const there = kept.filter(ordinal => Math.floor(ordinal / 1_000) === tenth).length;
      assert.ok(there > 60 && there < 140, `${there} of the tenth ${tenth}`);
    }
  });

  it('keeps all of a short file, none when none is wanted, and nothing that is very long', () => {
    assert.deepEqual([...sampleOf(10, bodies(3))].sort(), [0, 1, 2]);
    assert.deepEqual(sampleOf(0, bodies(3)), []);
    const long = 'x'.repeat(200_000);
    assert.deepEqual(sampleOf(1_000, ['{}', long]), [0]);
    assert.deepEqual([...sampleOf(100, ['{}', long])].sort(), [0, 1]);
  });
});
