import { isCustomId } from './custom-id-field.ts';
import { endOfString } from './structure-excess.ts';

/** How far into a record that cannot be parsed its id is looked for. */
const sniffBytesMax = 64 * 1024;

/** What invalid UTF-8 is decoded to: an id that has it was not read as it was written. */
const replacement = '\ufffd';

/**
 * The `custom_id` of a record that is no JSON, cut off, or not to be parsed: a dead letter that names its document is
 * worth more than one that does not. Only a field of the outermost object counts, and only a complete one.
 */
export function sniffCustomId(value: Uint8Array): string | null {
  const head = value.subarray(0, sniffBytesMax);
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('utf8');
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === '"') {
      const end = endOfString(text, at);
      if (depth === 1 && text.slice(at, end) === '"custom_id') {
        const id = stringAfterColon(text, end + 1);
        if (id !== null) return id;
      }
      at = end;
    }
  }
  return null;
}

function stringAfterColon(text: string, from: number): string | null {
  const start = /^\s*:\s*(?=")/.exec(text.slice(from, from + 64))?.[0].length;
  if (start === undefined) return null;
  const end = endOfString(text, from + start);
  try {
    const id: unknown = JSON.parse(text.slice(from + start, end + 1));
    return isCustomId(id) && !id.includes(replacement) ? id : null;
  } catch {
    return null;
  }
}
