import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '#test/support/seeded-random.ts';

/** Kinds of text in which tokens are spread differently. */
export const textKinds = ['readmes', 'json', 'code', 'cjk', 'mixed', 'odd'] as const;
export type TextKind = (typeof textKinds)[number];

const corpusCharacters = 2_000_000;
const lengthMin = 150;
const lengthMax = 8_000;

/** Passages of what lies in a `node_modules`, as many as asked for: the same seed and installation, the same texts. */
export function passages({ kind, count, seed, nodeModules }: PassageOptions): string[] {
  const random = seededRandom(Number.parseInt(hash('sha256', `${kind}${seed}`).slice(0, 8), 16));
  if (kind === 'odd') return Array.from({ length: count }, () => oddText(random));
  const kinds = kind === 'mixed' ? (['readmes', 'json', 'code', 'cjk'] as const) : [kind];
  const corpora = kinds.map(one => corpusOf(one, nodeModules));
  return Array.from({ length: count }, (_, index) => {
    const corpus = corpora[index % corpora.length] as string;
    // Lengths of documents spread over orders of magnitude.
    const length = Math.round(lengthMin * (lengthMax / lengthMin) ** random());
    const from = Math.floor(random() * Math.max(1, corpus.length - length));
    return corpus.slice(from, from + length).toWellFormed();
  });
}

export interface PassageOptions {
  kind: TextKind;
  count: number;
  seed: number;
  nodeModules: string;
}

const patterns: Readonly<Record<Exclude<TextKind, 'mixed' | 'odd'>, RegExp>> = {
  readmes: /\/readme\.md$/i,
  json: /\.json$/,
  code: /\.(?:ts|mts|js|mjs|cjs)$/,
  cjk: /readme\.(?:zh|ja)[^/]*\.md$|\/locales\/(?:zh-CN|zh-TW|ja|ko)\.js$/i,
};

function corpusOf(kind: keyof typeof patterns, nodeModules: string): string {
  let corpus = '';
  for (const path of filesBelow(nodeModules)) {
    if (patterns[kind].test(path)) corpus += readFileSync(path, 'utf8');
    if (corpus.length > corpusCharacters) break;
  }
  return corpus;
}

function* filesBelow(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** Base64, numbers and emoji: what no calibration is made for. */
function oddText(random: () => number): string {
  const length = Math.round(lengthMin * (lengthMax / lengthMin) ** random());
  const pick = Math.floor(random() * 3);
  if (pick === 0) return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256))).toString('base64');
  if (pick === 1) return Array.from({ length: length / 6 }, () => (random() * 1e6).toFixed(1)).join('; ');
  const faces = ['🚢', '👩‍👩‍👧', '🏴‍☠️', 'ﷺ', 'да ', 'né '];
  return Array.from({ length: length / 4 }, () => faces[Math.floor(random() * faces.length)]).join('');
}
