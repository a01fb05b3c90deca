import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documentBytesMax } from '#core/limits.ts';
import { type InputLine, splitInput } from './split-input.ts';

async function split(input: Buffer, from = 0): Promise<InputLine[]> {
  const lines: InputLine[] = [];
  const read = (position: number, buffer: Buffer): Promise<number> =>
    Promise.resolve(input.copy(buffer, 0, position, position + buffer.length));
  for await (const group of splitInput(read, from)) lines.push(...group);
  return lines;
}

const texts = (lines: readonly InputLine[]): string[] => lines.map(({ bytes }) => bytes.toString());

describe('splitInput', () => {
  it('keeps empty lines, takes off both kinds of line break, and needs none at the end', async () => {
    assert.deepEqual(texts(await split(Buffer.from('a\n\nb\r\n\r\nc'))), ['a', '', 'b', '', 'c']);
    assert.deepEqual(texts(await split(Buffer.from('a\n'))), ['a']);
    assert.deepEqual(texts(await split(Buffer.from(''))), []);
  });

  it('goes on after any line as if it had never stopped: a kill between two appends makes no empty document', async () => {
    const long = 'x'.repeat(documentBytesMax + 5);
    for (const text of ['a\nbb\r\n\nccc', 'a\n\n\n', `a\n${long}\nb\r\n`, `a\n${long}`]) {
      const input = Buffer.from(text);
      const all = await split(input);
      for (const [index, { nextAt }] of all.entries()) {
        const rest = await split(input, nextAt);
        assert.deepEqual(rest, all.slice(index + 1), `after line ${index + 1} of ${JSON.stringify(text.slice(0, 20))}`);
      }
    }
  });

  it('passes over a line beyond the limit, keeping its head and its length', async () => {
    const [first, second, third] = await split(Buffer.from(`a\n${'x'.repeat(3 * documentBytesMax)}\nb`));
    assert.equal(first?.bytes.toString(), 'a');
    assert.ok(second && second.bytes.length < 10_000);
    assert.deepEqual([second.at, second.length], [2, 3 * documentBytesMax]);
    assert.equal(third?.bytes.toString(), 'b');
  });

  it('takes a line of exactly the limit, wherever its line break falls', async () => {
    for (const lineBreak of ['\n', '\r\n', '']) {
      const [line] = await split(Buffer.from(`${'x'.repeat(documentBytesMax)}${lineBreak}`));
      assert.equal(line?.bytes.length, documentBytesMax);
    }
  });
});
