import type { ErrorCode } from '#errors/catalogue.ts';

/** What is wrong with a record: the code has the what and the fix, this the where and the why. */
export interface Fault {
  code: ErrorCode;
  /** A path such as `params.messages[2].content`; null for the whole record. */
  where: string | null;
  why: string;
}

export const fault = (code: ErrorCode, where: string | null, why: string): Fault => ({ code, where, why });

/** A field of the wrong type, in words: what it must be and what it is. The value itself is never repeated. */
export const wrongField = (where: string, mustBe: string, value: unknown): Fault =>
  value === undefined
    ? fault('missing-field', where, `${where} is missing; it must be ${mustBe}`)
    : fault('invalid-field', where, `${where} must be ${mustBe}, and is ${inWords(value)}`);

function inWords(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (value === '') return 'an empty string';
  if (typeof value === 'number') return Number.isInteger(value) ? `${value}` : 'a number that is not whole';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
