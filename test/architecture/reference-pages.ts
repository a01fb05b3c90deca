import { type ErrorEntry, errorCatalogue } from '#errors/catalogue.ts';
import { counters, gauges, histograms, spanAttributes, spans } from '#ports/telemetry.ts';
import { configDocs } from '#runtime/config/config-docs.ts';
import { spanLinksMax } from '#runtime/span-links.ts';
import { asyncApiPath, asyncApiText } from './asyncapi-document.ts';
import { jsonSchemaText, schemaNames, schemaPath } from './json-schemas.ts';

/** The command that writes them anew, as failing tests say it. */
export const regenerate = 'node test/architecture/write-reference.ts';

/** Files of `infra/` that are made from code, by path. */
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
    page('Metrics and traces', [
      'Names, meanings and units come from `shared/ports/telemetry.ts`. Values are ids, counts and sizes, never text of a',
      'document or a key.',
      '',
      '## Metrics',
      '',
      'Every `flotilla worker` serves its own at `/metrics`, as Prometheus reads them. A unit ends each name: seconds, bytes,',
      'nanodollars (1e-9 US dollars); what ends in `_total`, or in no unit, is a number of things. Gauges are measured when they',
      'are read; one that cannot be measured keeps the value it had, and `flotilla_measure_failures_total` grows.',
      '',
      '`work` is what a process does again and again: `accumulate`, `submit`, `look`, `collect`, `retry` and `sweep`.',
      '',
      '### Counters',
      '',
      'They count what this process has done since it started: add them up over processes.',
      '',
      ...table(['Name', 'Counts'], meaningRows(counters)),
      '',
      '### Gauges',
      '',
      'Those that say "of the log" or "of the fleet" are the same in every process, because all fold one log and share one',
      'queue: take the greatest. The others add up.',
      '',
      ...table(['Name', 'Shows'], meaningRows(gauges)),
      '',
      '### Histograms',
      '',
      ...table(['Name', 'Distribution of'], meaningRows(histograms)),
      '',
      '## Traces',
      '',
      'Off until `OTEL_EXPORTER_OTLP_ENDPOINT` says where OTLP over HTTP is taken, such as `http://127.0.0.1:4318`; nothing of',
      'them is even loaded before. The exporter also follows the other variables of its name, such as',
      '`OTEL_EXPORTER_OTLP_HEADERS`. What is sent to providers and written to topics is the same with traces and without.',
      '',
      'A document has the trace that its producer began: its `traceparent` header, followed by its sampled flag. Without that',
      'header, or with the flag off, it has no spans. A batch has a trace of its own. Span links join the two: a batch links to',
      `at most ${spanLinksMax} documents, each document to its batch. Ids of spans follow from rid, \`att\` and batch key, so that the`,
      'processes that seal, create and settle a batch need tell each other nothing, and a step done twice has one id. A span is',
      'lost with its process; nothing is ever decided by one.',
      '',
      '```text',
      ' producer ─┬─ document.intake ─────link──▶ batch.seal ─┬─ batch.create',
      '           ├─ document.retry                           ├─ batch.collect',
      '           └─ document.answer ─────link──────────────▶ └─ batch.settle',
      '```',
      '',
      '### Spans',
      '',
      ...table(['Name', 'Meaning'], meaningRows(spans)),
      '',
      '### Attributes',
      '',
      ...table(['Name', 'Meaning'], meaningRows(spanAttributes)),
    ]),
  [asyncApiPath]: () => asyncApiText(regenerate),
  ...Object.fromEntries(schemaNames.map(name => [schemaPath(name), () => jsonSchemaText(name)])),
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

const meaningRows = (names: Readonly<Record<string, string>>): string[][] =>
  Object.entries(names).map(([name, meaning]) => [`\`${name}\``, meaning]);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => '---'), ...rows].map(row => `| ${row.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`);
