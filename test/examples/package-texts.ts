import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A text that nobody wrote for us: what a package says of itself. */
export interface PackageText {
  /** Such as `fastify#readme` or `@types/node#3`. */
  name: string;
  package: string;
  text: string;
}

const charactersMax = 20_000;
const sectionCharactersMin = 40;

/**
 * Names, descriptions, READMEs and sections of READMEs of the packages in a `node_modules`: short, long and odd. The same
 * installation gives the same texts in the same order: first what every package is called, then its README, then the
 * sections, one of each package in turn.
 */
export function packageTexts(nodeModules: string, count: number): PackageText[] {
  const byPackage = packageFolders(nodeModules).map(textsOf);
  const longest = Math.max(0, ...byPackage.map(texts => texts.length));
  const inTurn = Array.from({ length: longest }, (_, turn) => byPackage.flatMap(texts => texts[turn] ?? []));
  return inTurn.flat().slice(0, count);
}

function packageFolders(nodeModules: string): string[] {
  const names = readdirSync(nodeModules)
    .filter(name => !name.startsWith('.'))
    .flatMap(name =>
      name.startsWith('@') ? readdirSync(join(nodeModules, name)).map(inner => `${name}/${inner}`) : [name],
    );
  return names
    .sort()
    .map(name => join(nodeModules, name))
    .filter(folder => existsSync(join(folder, 'package.json')));
}

function textsOf(folder: string): PackageText[] {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  const name = String(manifest.name);
  const readme = readmeOf(folder);
  const sections = readme.split(/\n(?=#{1,4} )/).filter(section => section.length >= sectionCharactersMin);
  const texts = [
    { name: `${name}#name`, text: `${name}: ${String(manifest.description ?? '')}` },
    { name: `${name}#readme`, text: readme },
    ...sections.map((text, index) => ({ name: `${name}#${index + 1}`, text })),
  ];
  return texts
    .filter(({ text }) => text.trim() !== '')
    .map(({ name: textName, text }) => ({ name: textName, package: name, text: text.slice(0, charactersMax) }));
}

function readmeOf(folder: string): string {
  const file = readdirSync(folder)
    .sort()
    .find(name => /^readme(\.|$)/i.test(name));
  return file === undefined ? '' : readFileSync(join(folder, file), 'utf8');
}
