import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cutEnd, cutStart, firstThatFits, oneLine, textWidth, wrapHanging, wrapText } from './fit-text.ts';

describe('textWidth', () => {
  it('counts columns, not characters', () => {
    assert.equal(textWidth('abc'), 3);
    assert.equal(textWidth('\u001b[32mabc\u001b[39m'), 3);
    assert.equal(textWidth('文件'), 4);
    assert.equal(textWidth('🙂'), 2);
    assert.equal(textWidth('e\u0301'), 1);
  });
});

describe('cutting', () => {
  it('keeps what fits', () => assert.equal(cutEnd('abc', 3, '…'), 'abc'));
  it('keeps the beginning', () => assert.equal(cutEnd('abcdef', 4, '…'), 'abc…'));
  it('keeps the end', () => assert.equal(cutStart('abcdef', 4, '…'), '…def'));
  it('never tears a wide character', () => assert.equal(cutEnd('文件文件', 4, '…'), '文…'));
  it('never tears a colour', () => assert.equal(cutEnd('\u001b[32mabcdef\u001b[39m', 4, '…'), 'abc…'));
  it('takes the most complete variant that fits', () => {
    assert.equal(firstThatFits(['abcdef', 'abc', 'a'], 4, '…'), 'abc');
    assert.equal(firstThatFits(['abcdef', 'abcde'], 4, '…'), 'abc…');
  });
});

describe('oneLine', () => {
  it('lets no text from outside move the cursor', () => {
    assert.equal(oneLine('a\u001b[2Jb\nc\rd\u0007e\u202ef'), 'ab c d e f');
  });
});

describe('wrapText', () => {
  it('breaks at spaces', () => assert.deepEqual(wrapText('one two three', 8), ['one two', 'three']));
  it('keeps a number with its unit', () =>
    assert.deepEqual(wrapText('saved $ 1.20, 89 % of it', 9), ['saved', '$ 1.20,', '89 % of', 'it']));
  it('leaves a long word whole', () => assert.deepEqual(wrapText('extraordinary', 5), ['extraordinary']));
});

describe('wrapHanging', () => {
  it('goes on below where the text began, and leaves alone what fits', () => {
    assert.deepEqual(wrapHanging('  cost  one two three', { indent: 8, width: 16 }), [
      '  cost  one two',
      '        three',
    ]);
    assert.deepEqual(wrapHanging('  cost  one', { indent: 8, width: 16 }), ['  cost  one']);
  });
});
