import { existsSync, readFileSync } from 'node:fs';

/**
 * The lines of a JSON lines file, parsed; none when there is no file.
 * @throws Error when the file ends within a line, or a line is no JSON
 */
export function readJsonLines<Line = Record<string, unknown>>(path: string): Line[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  if (text !== '' && !text.endsWith('\n')) throw new Error(`${path} ends within a line`);
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as Line;
    } catch (cause) {
      throw new Error(`${path}:${index + 1} is no JSON: ${line.slice(0, 200)}`, { cause });
    }
  });
}
