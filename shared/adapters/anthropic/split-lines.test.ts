import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLineSplitter, type SplitLine } from './split-lines.ts';

const splitAll = (chunks: readonly Uint8Array[], lineBytesMax = 1_000): SplitLine[] => {
  const splitter = createLineSplitter({ lineBytesMax });
  return [...chunks.flatMap(chunk => splitter.push(Uint8Array.from(chunk))), ...splitter.end()];
};
const show = (lines: readonly SplitLine[]) =>
  lines.map(line => (Buffer.isBuffer(line) ? line.toString() : `head:${line.head.toString()}`));
const chunked = (text: string, size: number) => {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
};

describe('createLineSplitter', () => {
  const text = 'a\r\n\n{"é":"😀😀"}\n   \nlong line of some bytes\r\n\r\nlast';
  for (const size of [1, 2, 3, 5, 7, 11, 1_000]) {
    it(`finds the same lines in chunks of ${size} bytes, also inside characters`, () => {
      assert.deepEqual(show(splitAll(chunked(text, size))), ['a', '{"é":"😀😀"}', 'long line of some bytes', 'last']);
    });
  }

  it('needs no line break at the end, and does not mind one', () => {
    assert.deepEqual(show(splitAll([Buffer.from('a\nb')])), ['a', 'b']);
    assert.deepEqual(show(splitAll([Buffer.from('a\nb\n')])), ['a', 'b']);
    assert.deepEqual(show(splitAll([])), []);
    assert.deepEqual(show(splitAll([Buffer.from(''), Buffer.from('\n')])), []);
  });

  for (const size of [1, 4, 10, 1_000]) {
    it(`N8: keeps only the head of a line above the bound, in chunks of ${size}, and every line around it`, () => {
      const lines = splitAll(chunked(`ok1\n${'x'.repeat(50)}\n0123456789\r\nok2\n01234567890\n`, size), 10);
      assert.equal(lines.length, 5);
      assert.deepEqual(
        show(lines).map(line => line.slice(0, 8)),
        ['ok1', 'head:xxx', '01234567', 'ok2', 'head:012'],
      );
    });
  }

  it('N8: holds at most one line’s bound, however much comes', () => {
    const splitter = createLineSplitter({ lineBytesMax: 1_000_000 });
    const chunk = new Uint8Array(1_000_000).fill(120);
    splitter.push(Buffer.from('{"custom_id":"a",'));
    const before = process.memoryUsage();
    let highest = 0;
    for (let count = 0; count < 500; count += 1) {
      assert.deepEqual(splitter.push(chunk), []);
      highest = Math.max(highest, process.memoryUsage().arrayBuffers - before.arrayBuffers);
    }
    assert.ok(highest < 8_000_000, `${highest} bytes held`);
    const [line] = splitter.push(Buffer.from('"}\n'));
    assert.ok(line && !Buffer.isBuffer(line));
    assert.match(line.head.toString(), /^\{"custom_id":"a",x/);
    assert.ok(line.head.length <= 1_024);
  });
});
