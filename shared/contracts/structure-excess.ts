import { documentDepthMax } from '#core/limits.ts';

/** Keys of all objects of a document together. */
export const documentKeysMax = 10_000;

/** Fewest characters a key can take: `"":0,`. Shorter texts cannot have too many. */
const charactersPerKeyMin = 5;

const [quote, backslash, colon] = ['"', '\\', ':'].map(character => character.charCodeAt(0));
const [openBrace, closeBrace, openBracket, closeBracket] = ['{', '}', '[', ']'].map(c => c.charCodeAt(0));

/**
 * Whether JSON text nests too deeply or has too many keys, told before it is parsed. Any text will do: what is no JSON
 * is found by the parser afterwards.
 */
export function structureExcess(text: string): 'depth' | 'keys' | null {
  const mayHaveManyKeys = text.length > documentKeysMax * charactersPerKeyMin;
  // Almost every document has fewer brackets than levels allowed, in its strings too: then nothing needs to be walked.
  if (!mayHaveManyKeys && countUpTo(text, '{', '[', documentDepthMax) <= documentDepthMax) return null;
  return walk(text);
}

function countUpTo(text: string, one: string, other: string, max: number): number {
  let count = 0;
  for (const wanted of [one, other]) {
    for (let at = text.indexOf(wanted); at !== -1 && count <= max; at = text.indexOf(wanted, at + 1)) count += 1;
  }
  return count;
}

function walk(text: string): 'depth' | 'keys' | null {
  let depth = 0;
  let keys = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
    } else if (code === openBrace || code === openBracket) {
      depth += 1;
      if (depth > documentDepthMax) return 'depth';
    } else if (code === closeBrace || code === closeBracket) {
      depth -= 1;
    } else if (code === colon) {
      keys += 1;
      if (keys > documentKeysMax) return 'keys';
    }
  }
  return null;
}

/** Index of the quote that ends the string which begins at `start`, or the text's length. */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === backslash) before -= 1;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}
