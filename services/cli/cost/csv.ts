/** A text, or a figure as it shall stand there. Null is an empty field. */
export type CsvCell = string | { figure: string | number } | null;

/** RFC 4180: CRLF after each record, quotes where they are needed. */
export const csvText = (records: readonly (readonly CsvCell[])[]): string =>
  records.map(cells => `${cells.map(field).join(',')}\r\n`).join('');

function field(cell: CsvCell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell.figure);
  const text = isFormula.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What a spreadsheet would run, though somebody only named a task so (T11). */
const isFormula = /^[=+\-@\t\r]/;
