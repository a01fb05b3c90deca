import { errorCatalogue } from '#errors/catalogue.ts';
import { estimateInShort } from '../estimate/render-estimate.ts';
import { cutEnd, oneLine } from '../terminal/fit-text.ts';
import { countOf, formatBytes, formatCount } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';
import type { FileReport, ProblemGroup } from './file-report.ts';

const namesShown = 4;

/** What `validate` says about one file. */
export function renderReport(report: FileReport, look: TerminalLook): string {
  const { glyphs, paint } = look;
  const head = paint('bold', oneLine(report.file));
  const verdict =
    report.problemCount === 0
      ? paint('green', `${glyphs.ok} no problems`)
      : paint('red', `${glyphs.dead} ${countOf(report.problemCount, 'problem')}`);
  return [
    head,
    `  ${countOf(report.lines, 'line')} ${glyphs.dot} ${formatBytes(report.bytes)}`,
    ...namesLine('shapes', report.shapes, look),
    ...namesLine('models', report.models, look),
    ...namesLine('tasks', report.tasks, look),
    ...priceLine(report, look),
    `  ${verdict}`,
    ...report.problems.flatMap(group => renderGroup(group, look)),
    ...noteLines(report, look),
    '',
  ].join('\n');
}

function priceLine({ price }: FileReport, { glyphs, width }: TerminalLook): string[] {
  const text = price && estimateInShort(price);
  return text === null ? [] : [`  ${cutEnd(`price: ${oneLine(text)}`, width - 2, glyphs.ellipsis)}`];
}

function namesLine(label: string, counts: ReadonlyMap<string, number>, { glyphs, width }: TerminalLook): string[] {
  if (counts.size === 0) return [];
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, namesShown).map(([name, count]) => `${oneLine(name)} ${formatCount(count)}`);
  const more = sorted.length > namesShown ? [`${formatCount(sorted.length - namesShown)} more`] : [];
  const text = [...shown, ...more].join(` ${glyphs.dot} `);
  return [`  ${cutEnd(`${label}: ${text}`, width - 2, glyphs.ellipsis)}`];
}

function renderGroup({ code, count, examples }: ProblemGroup, { paint }: TerminalLook): string[] {
  const { what, fix } = errorCatalogue[code];
  const lines = examples.map(({ line, where, why }) => {
    const place = where === null || why.includes(where) ? '' : `${oneLine(where)}: `;
    return `    line ${String(line).padEnd(8)}${place}${oneLine(why)}`;
  });
  const more = count - examples.length;
  return [
    '',
    `  ${paint('bold', what)}, ${countOf(count, 'line')}   ${paint('dim', code)}`,
    ...lines,
    ...(more > 0 ? [`    and ${formatCount(more)} more (--all lists them)`] : []),
    `    ${paint('green', 'Fix:')} ${fix}`,
  ];
}

function noteLines(report: FileReport, { paint }: TerminalLook): string[] {
  const { repeatedIds, repeatExamples, hasComparedAllIds } = report;
  if (repeatedIds === 0) return [];
  const atLeast = hasComparedAllIds ? '' : 'at least ';
  const examples = repeatExamples.map(
    ({ line, firstLine, customId }) =>
      `    line ${String(line).padEnd(8)}"${oneLine(customId).slice(0, 60)}" (first at line ${firstLine})`,
  );
  const head = `note: ${atLeast}${countOf(repeatedIds, 'line')} with a custom_id used before; each is answered`;
  return ['', `  ${paint('yellow', head)}`, ...examples];
}
