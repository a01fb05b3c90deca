import { errorCatalogue } from '#errors/catalogue.ts';
import type { FlotillaError } from '#errors/flotilla-error.ts';

/** What a command ends with. Scripts build on these numbers: they do not change. */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  someFailed: 3,
  stoppedWaiting: 4,
  unreachable: 5,
  refused: 6,
  guard: 7,
  interrupted: 130,
  terminated: 143,
} as const;

const meanings: readonly (readonly [number, string])[] = [
  [exitCodes.done, 'everything asked for is done'],
  [exitCodes.unexpected, 'unexpected error (a bug); says where the debug log is'],
  [exitCodes.usage, 'bad usage, configuration or input file'],
  [exitCodes.someFailed, 'finished, but some documents failed (--allow-failures 10 or 2% makes it 0)'],
  [exitCodes.stoppedWaiting, 'stopped waiting (--wait-timeout); the work can go on'],
  [exitCodes.unreachable, 'something it depends on is unreachable: provider, log, disk'],
  [exitCodes.refused, 'the provider refused the credentials'],
  [exitCodes.guard, 'a budget or a safety guard refused'],
  [exitCodes.interrupted, 'interrupted (Ctrl-C); says what goes on'],
  [exitCodes.terminated, 'terminated; says what goes on'],
];

/** The most telling one: a bug before a refusal before bad usage. */
export const exitCodeOf = (errors: readonly FlotillaError[]): number => {
  const codes = errors.map(({ code }) => errorCatalogue[code].exitCode);
  return codes.includes(exitCodes.unexpected) ? exitCodes.unexpected : Math.max(exitCodes.usage, ...codes);
};

/** What `flotilla help exit-codes` prints. */
export function exitCodesText(): string {
  const rows = meanings.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`);
  // Almost everything is 2, causes of dead letters among them, which end no command: those are not listed.
  const others = Object.entries(errorCatalogue).filter(([, { exitCode }]) => exitCode !== exitCodes.usage);
  const errors = [...Map.groupBy(others, ([, { exitCode }]) => exitCode)]
    .sort(([a], [b]) => a - b)
    .map(([exitCode, entries]) => `  ${String(exitCode).padStart(3)}  ${entries.map(([code]) => code).join(', ')}`);
  const head = 'Error codes by exit code (all others are 2):';
  return `${['Exit codes:', ...rows, '', head, ...errors].join('\n')}\n`;
}
