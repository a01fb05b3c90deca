import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { packPayload, unpackPayload } from './pack-payload.ts';

const sizes = [0, 1, 200_000, 3_000_000];
const bytesMax = 4_000_000;

describe('a packed payload', () => {
  for (const size of sizes) {
    test(`of ${size} bytes comes back as it was`, async () => {
      const payload = randomBytes(size);
      assert.deepEqual(await unpackPayload(await packPayload(payload), bytesMax), payload);
    });
  }

  test('holds a prompt that a hundred requests share hardly more than once', async () => {
    const prompt = randomBytes(60_000).toString('base64');
    const payload = Buffer.from(Array.from({ length: 100 }, (_, index) => `${prompt}${index}`).join('\n'));
    assert.ok((await packPayload(payload)).byteLength < payload.byteLength / 50);
  });

  test('is none when it is damaged or cut', async () => {
    const packed = await packPayload(randomBytes(1_000_000));
    const damaged = Buffer.concat([packed.subarray(0, 20), Buffer.alloc(50)]);
    for (const bytes of [packed.subarray(0, -5), damaged]) assert.equal(await unpackPayload(bytes, bytesMax), null);
  });

  test('is none when it grows beyond the bound', async () => {
    assert.equal(await unpackPayload(await packPayload(Buffer.alloc(bytesMax + 1)), bytesMax), null);
  });
});
