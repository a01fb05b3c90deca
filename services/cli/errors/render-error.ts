import { errorCatalogue } from '#errors/catalogue.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { oneLine } from '../terminal/fit-text.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';

const repeatsShown = 3;

/** What, where, why, fix and code, always in this order. Several errors of one kind become one with a count. */
export function renderErrors(errors: readonly FlotillaError[], look: TerminalLook): string {
  const groups = [...Map.groupBy(errors, ({ code, why, fix }) => `${code}\n${why}\n${fix}`).values()];
  // Most frequent last: it stands nearest to the prompt.
  return groups
    .sort((a, b) => a.length - b.length)
    .map(group => renderGroup(group, look))
    .join('\n');
}

function renderGroup(group: readonly FlotillaError[], { paint }: TerminalLook): string {
  const [error] = group as readonly [FlotillaError, ...FlotillaError[]];
  const times = group.length === 1 ? '' : ` (${group.length} times)`;
  const places = group.flatMap(({ where }) => where ?? []);
  const more = places.length > repeatsShown ? ` and ${places.length - repeatsShown} more` : '';
  const where = places.slice(0, repeatsShown).map(oneLine).join(', ') + more;
  return [
    `${paint('red', 'error:')} ${paint('bold', errorCatalogue[error.code].what)}${times}`,
    ...(where === '' ? [] : [`  where: ${where}`]),
    `  why:   ${oneLine(error.why)}`,
    `  ${paint('green', 'Fix:')}   ${oneLine(error.fix)}`,
    `  ${paint('dim', `code:  ${error.code}`)}`,
    '',
  ].join('\n');
}

/** The same for programs, with `--json`. */
export function errorJson(error: FlotillaError): Record<string, unknown> {
  const { code, where, why, fix } = error;
  return { code, what: errorCatalogue[code].what, where, why, fix };
}

/** Everything that was thrown, as errors of ours; what nobody foresaw is `internal`. */
export function toFlotillaErrors(thrown: unknown): FlotillaError[] {
  if (thrown instanceof FlotillaError) return [thrown];
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return thrown.errors.flatMap(toFlotillaErrors);
  const why = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return [new FlotillaError('internal', { why, cause: thrown })];
}
