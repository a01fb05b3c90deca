/** The rows of the first table below a heading, without its head. Cells lose their backticks. */
export function tableBelow(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.indexOf(heading);
  if (start < 0) return [];
  const section = lines.slice(start + 1);
  const end = section.findIndex(line => /^#{1,6} /.test(line));
  const rows = (end < 0 ? section : section.slice(0, end)).filter(line => line.startsWith('|'));
  return rows.slice(2).map(cellsOf);
}

const cellsOf = (row: string): string[] =>
  row
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map(cell => cell.replaceAll('`', '').replaceAll('\\|', '|').trim());

/** Targets of links to files, without the part after `#`. */
export const linkedFiles = (markdown: string): string[] =>
  [...markdown.replace(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(match => match[1] as string)
    .filter(target => !/^[a-z]+:/.test(target));
