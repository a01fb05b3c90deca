import { scan } from 'secure-json-parse';

/**
 * Path of a `__proto__` or `constructor.prototype` in a value that was parsed from `text`, or null. Whoever copies such
 * an object field by field would change every other object of the process.
 */
export function forbiddenKeyPath(value: object, text: string): string | null {
  // A key that is written plainly shows in the text, and both paths have `proto` in them; one that hides behind escapes needs
  // \u00 for its ASCII letters.
  if (!text.includes('proto') && !text.includes('\\u00')) return null;
  return scan(value, { safe: true }) === null ? pathBelow(value, []) : null;
}

function pathBelow(value: object, path: readonly string[]): string | null {
  if (Object.hasOwn(value, '__proto__')) return [...path, '__proto__'].join('.');
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null || typeof inner !== 'object') continue;
    const place = [...path, key];
    if (key === 'constructor' && Object.hasOwn(inner, 'prototype')) return [...place, 'prototype'].join('.');
    const found = pathBelow(inner, place);
    if (found !== null) return found;
  }
  return null;
}
