import { type ErrorEntry, errorCatalogue } from '#errors/catalogue.ts';
import { counters, gauges } from '#ports/telemetry.ts';
import { configDocs } from '#runtime/config/config-docs.ts';

/** The command that writes them anew, as failing tests say it. */
export const regenerate = 'node test/architecture/write-reference.ts';

/** Pages of `infra/` that are made from code, by path. */
export const referencePages: Readonly<Record<string, () => string>> = {
  'infra/configuration.md': () =>
    page('Configuration', [
      'Every setting. A flag comes before the environment, the environment before `flotilla.config.ts`, the file before the',
      'default. An unknown setting is refused, with a suggestion. A secret may also be given as a file, by `<name>_FILE`, and is',
      'never printed. `flotilla config print --sources` shows what is in force and where each value came from.',
      '',
      configDocs().trimEnd(),
    ]),
  'infra/errors.md': () =>
    page('Error codes', [
      'Every error has four parts: what, where, why, fix. `where` is known only when it happens. A dead letter carries one of',
      'these codes as its `cause`; the exit code is what a command ends with when the error stops it.',
      '',
      ...table(['Code', 'What', 'Why', 'Fix', 'Exit code'], Object.entries(errorCatalogue).map(errorRow)),
    ]),
  'infra/metrics.md': () =>
    page('Metrics', [
      'Counters and gauges, from `shared/ports/telemetry.ts`. Values are ids, counts and sizes, never text of a document or a',
      'key.',
      '',
      '## Counters',
      '',
      ...table(['Name', 'Counts'], metricRows(counters)),
      '',
      '## Gauges',
      '',
      ...table(['Name', 'Shows'], metricRows(gauges)),
    ]),
};

const page = (title: string, lines: readonly string[]): string =>
  `${[`# ${title}`, '', `Made by \`${regenerate}\`; a test compares it with the code.`, '', ...lines].join('\n')}\n`;

const errorRow = ([code, { what, why, fix, exitCode }]: [string, ErrorEntry]): string[] => [
  `\`${code}\``,
  what,
  why,
  fix,
  String(exitCode),
];

const metricRows = (metrics: Readonly<Record<string, string>>): string[][] =>
  Object.entries(metrics).map(([name, meaning]) => [`\`${name}\``, meaning]);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => '---'), ...rows].map(row => `| ${row.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`);
