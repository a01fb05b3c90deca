/** The same succeeded line with an answer of `bytes` more bytes; other lines stay as they are. */
export function padLine(line: string, bytes: number): string {
  const start = line.indexOf('"content":[{"type":"text","text":"');
  if (start < 0) return line;
  const at = start + '"content":[{"type":"text","text":"'.length;
  return `${line.slice(0, at)}${' '.repeat(bytes)}${line.slice(at)}`;
}
