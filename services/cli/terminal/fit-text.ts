import { stripVTControlCharacters } from 'node:util';

const wide = /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u;
const zeroWidth = /[\p{Mn}\p{Me}\u200b-\u200c]|\u200d|\ufe0f/u;

/** Columns that a text takes, colours not counted. */
export function textWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length;
  let width = 0;
  for (const character of plain) width += zeroWidth.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

/** The first variant that fits; they are given from the most to the least complete. The last one is cut if need be. */
export function firstThatFits(variants: readonly string[], width: number, ellipsis: string): string {
  return variants.find(text => textWidth(text) <= width) ?? cutEnd(variants.at(-1) ?? '', width, ellipsis);
}

/** Keeps the beginning. A text with colours is cut without them: an escape sequence must not be torn. */
export function cutEnd(text: string, width: number, ellipsis: string): string {
  if (textWidth(text) <= width) return text;
  const room = width - textWidth(ellipsis);
  let kept = '';
  let used = 0;
  for (const character of stripVTControlCharacters(text)) {
    used += textWidth(character);
    if (used > room) break;
    kept += character;
  }
  return kept + ellipsis;
}

/** Keeps the end: of a path the file's name says most. */
export function cutStart(text: string, width: number, ellipsis: string): string {
  if (textWidth(text) <= width) return text;
  const room = width - textWidth(ellipsis);
  let kept = '';
  let used = 0;
  for (const character of [...text].reverse()) {
    used += textWidth(character);
    if (used > room) break;
    kept = character + kept;
  }
  return ellipsis + kept;
}

/** A text from outside on one line: control characters could move the cursor or change what is on the screen. */
export const oneLine = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ');

/** Lines of at most `width` columns, broken at spaces, but not between a number and its `$` or `%`. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<!\$) (?!%)/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, line];
}

/** A line that begins at `indent` columns, and goes on below itself where it has no room. What is before them has no colours. */
export function wrapHanging(line: string, { indent, width }: { indent: number; width: number }): string[] {
  if (textWidth(line) <= width) return [line];
  const parts = wrapText(line.slice(indent), Math.max(1, width - indent));
  return parts.map((part, index) => `${index === 0 ? line.slice(0, indent) : ' '.repeat(indent)}${part}`);
}
