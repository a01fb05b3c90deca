import { customIdCharactersMax } from '#core/limits.ts';
import { type Fault, wrongField } from './fault.ts';

/** A string of 1 to 256 characters, as a person counts them: an emoji is one. */
export function isCustomId(value: unknown): value is string {
  if (typeof value !== 'string' || value === '') return false;
  if (value.length <= customIdCharactersMax) return true;
  return value.length <= 2 * customIdCharactersMax && [...value].length <= customIdCharactersMax;
}

export function customIdFault(value: unknown): Fault | null {
  if (isCustomId(value)) return null;
  const length = typeof value === 'string' && value !== '' ? ', and is longer' : null;
  const mustBe = `a string of 1 to ${customIdCharactersMax} characters`;
  if (length === null) return wrongField('custom_id', mustBe, value);
  return { code: 'invalid-field', where: 'custom_id', why: `custom_id must be ${mustBe}${length}` };
}
