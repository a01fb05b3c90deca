import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = join(dirname(fileURLToPath(import.meta.url)), '../..');

export interface Import {
  /** As it is written. */
  specifier: string;
  /** The file it names, from the root of the repository; null for packages and for `node:` modules. */
  target: string | null;
  /** Gone when the file runs. */
  isType: boolean;
  line: number;
}

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  path: string;
  text: string;
  /** The text with comments blanked out: the same length, the same lines. */
  code: string;
  imports: readonly Import[];
}

/** Every TypeScript file below these folders, in the order of their paths. */
export function readSourceFiles(folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap(folder => filesBelow(folder))
    .filter(path => path.endsWith('.ts'))
    .map(readSourceFile);
}

/** Paths of all files below a folder, from the root of the repository. */
export function filesBelow(folder: string): string[] {
  const root = join(repositoryRoot, folder);
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => posix.join(folder, join(entry.parentPath, entry.name).slice(root.length + 1)))
    .filter(path => !path.includes('/.flotilla/'))
    .sort();
}

export const readText = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');

const readSourceFile = (path: string): SourceFile => parseSourceFile(path, readText(path));

export function parseSourceFile(path: string, text: string): SourceFile {
  const code = withoutComments(text);
  return { path, text, code, imports: importsOf(path, code) };
}

/** Strings and templates are stepped over, so that `'http://…'` is no comment. */
const commentOrText = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

const withoutComments = (text: string): string =>
  text.replace(commentOrText, found => (/^\/[/*]/.test(found) ? found.replace(/[^\n]/g, ' ') : found));

const statement = /(?:^|\n)\s*(import|export)\s+(type\s+)?([^'";]*?\bfrom\s*)?'([^']+)'/g;
const dynamic = /\bimport\(\s*'([^']+)'\s*\)/g;

function importsOf(path: string, code: string): Import[] {
  const lineAt = (index: number): number => code.slice(0, index).split('\n').length;
  const found: Import[] = [];
  for (const match of code.matchAll(statement)) {
    const [whole, keyword, type, clause, specifier] = match as unknown as [string, string, string?, string?, string?];
    if (specifier === undefined || (keyword === 'export' && clause === undefined)) continue;
    const isType = type !== undefined || hasOnlyTypes(clause);
    found.push({ specifier, target: targetOf(path, specifier), isType, line: lineAt(match.index + whole.length) });
  }
  for (const match of code.matchAll(dynamic)) {
    const specifier = match[1] as string;
    found.push({ specifier, target: targetOf(path, specifier), isType: false, line: lineAt(match.index) });
  }
  return found;
}

/** `{ type A, type B }`: nothing of it is left when the file runs. */
function hasOnlyTypes(clause: string | undefined): boolean {
  const names = /^\{([^}]*)\}/.exec(clause?.trim() ?? '')?.[1];
  if (names === undefined) return false;
  const listed = names.split(',').map(name => name.trim());
  return listed.filter(name => name !== '').every(name => name.startsWith('type '));
}

const aliases = Object.entries((JSON.parse(readText('package.json')) as { imports: Record<string, string> }).imports);

function targetOf(path: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier);
  for (const [alias, place] of aliases) {
    const prefix = alias.slice(0, -1);
    if (specifier.startsWith(prefix)) return posix.join(place.slice(0, -1), specifier.slice(prefix.length));
  }
  return null;
}
