import { Ajv, type ValidateFunction } from 'ajv';
import { forgetOldest } from '#core/forget-oldest.ts';
import { canonicalJson } from '#core/recipe.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';

/** Compiled checks kept at once; a configuration has few tasks, but old recipes still come back from the log. */
const checksMax = 64;

/** `null` when an answer fits, else what is wrong with it. */
export type OutputCheck = (output: unknown) => string | null;

const checksByText = new Map<string, OutputCheck>();
const checksBySchema = new WeakMap<object, OutputCheck>();

/**
 * The check of answers against a task's JSON Schema. Compiled once for equal schemas.
 * @throws FlotillaError invalid-config when the schema is none; `where` names it
 */
export function compileOutputCheck(schema: Readonly<Record<string, unknown>>, where = 'output'): OutputCheck {
  const known = checksBySchema.get(schema);
  if (known) return known;
  const text = canonicalJson(schema);
  const check = checksByText.get(text) ?? compile(schema, where);
  checksBySchema.set(schema, check);
  checksByText.set(text, check);
  forgetOldest(checksByText, checksMax);
  return check;
}

function compile(schema: Readonly<Record<string, unknown>>, where: string): OutputCheck {
  let validate: ValidateFunction;
  try {
    // A new instance each time: one instance keeps every schema it has seen, and refuses a second one with the same $id.
    validate = new Ajv({ strict: false, allErrors: false, validateFormats: false }).compile(schema);
  } catch (cause) {
    const why = `the JSON Schema cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new FlotillaError('invalid-config', { where, why, cause });
  }
  return output => {
    if (validate(output)) return null;
    const [error] = validate.errors ?? [];
    return `${error?.instancePath || 'the answer'} ${error?.message ?? 'does not fit the schema'}`;
  };
}
