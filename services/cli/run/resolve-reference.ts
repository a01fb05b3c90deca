import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { headerNames } from '#core/headers.ts';
import { referencedBytesMax } from '#core/limits.ts';
import type { ErrorCode } from '#errors/catalogue.ts';

export interface ResolvedLine {
  value: Buffer;
  headers: Record<string, string>;
}

/**
 * Puts the content a document refers to in its place, so that the log holds what was sent. Only a `file:` below the folder
 * of the input may be named, links followed; anything else is left as it came, with the code of its reject.
 */
export async function resolveReference(line: Buffer, input: string): Promise<ResolvedLine> {
  const document = parse(line);
  const ref = document?.ref;
  if (!document || typeof ref !== 'object' || ref === null) return { value: line, headers: {} };
  const { uri, sha256, bytes } = ref as { uri?: unknown; sha256?: unknown; bytes?: unknown };
  const path = await pathBelow(uri, dirname(resolve(input)));
  if (path === null) return refused(line, 'reference-refused');
  const content = await readBounded(path);
  if (content === null) return refused(line, 'reference-unreadable');
  const isOther =
    (sha256 !== undefined && sha256 !== hash('sha256', content)) || (bytes !== undefined && bytes !== content.length);
  if (isOther) return refused(line, 'reference-mismatch');
  // Bytes that are no text would be sent, and paid for, as replacement characters.
  if (!isUtf8(content)) return refused(line, 'invalid-utf8');
  const { ref: _ref, ...rest } = document;
  const value = Buffer.from(JSON.stringify({ ...rest, content: content.toString('utf8') }));
  return { value, headers: { [headerNames.resolved]: '1' } };
}

const refused = (value: Buffer, code: ErrorCode): ResolvedLine => ({
  value,
  headers: { [headerNames.referenceError]: code },
});

function parse(line: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null; // what is wrong with it is said when the record is parsed
  }
}

async function pathBelow(uri: unknown, folder: string): Promise<string | null> {
  if (typeof uri !== 'string' || !uri.startsWith('file:')) return null;
  try {
    const named = uri.startsWith('file://')
      ? fileURLToPath(uri)
      : resolve(folder, decodeURI(uri.slice('file:'.length)));
    if (!isBelow(named, folder)) return null;
    const real = await realpath(named).catch(() => null);
    if (real === null) return named; // it does not exist: unreadable, not refused
    return isBelow(real, await realpath(folder)) ? real : null;
  } catch {
    return null;
  }
}

const isBelow = (path: string, folder: string): boolean => path.startsWith(folder + sep);

async function readBounded(path: string): Promise<Buffer | null> {
  try {
    const { size } = await stat(path);
    return size <= referencedBytesMax ? await readFile(path) : null;
  } catch {
    return null;
  }
}
