import { type Fault, fault } from './fault.ts';
import { quoted, suggestion } from './nearest-name.ts';

/** The first field of ours that does not exist: better refused than silently ignored, because it is a typo. */
export function unknownFieldFault(object: object, known: ReadonlySet<string>, path = ''): Fault | null {
  for (const field in object) {
    if (known.has(field)) continue;
    const why = `there is no field ${quoted(field)}${path === '' ? '' : ` in ${path}`}${suggestion(field, known)}`;
    return fault('unknown-field', path === '' ? field : `${path}.${field}`, why);
  }
  return null;
}
