import { readFileSync } from 'node:fs';

export interface PageFile {
  path: string;
  type: string;
  body: Buffer;
}

const file = (path: string, name: string, type: string): PageFile => ({
  path,
  type,
  body: readFileSync(new URL(`./page/${name}`, import.meta.url)),
});

/** The screen: one page, three small modules, one sheet, one picture; written by hand and served as they are. */
export const readPageFiles = (): PageFile[] => [
  file('/', 'console.html', 'text/html; charset=utf-8'),
  file('/console.js', 'console.js', 'text/javascript; charset=utf-8'),
  file('/draw.js', 'draw.js', 'text/javascript; charset=utf-8'),
  file('/words.js', 'words.js', 'text/javascript; charset=utf-8'),
  file('/console.css', 'console.css', 'text/css; charset=utf-8'),
  file('/icon.svg', 'icon.svg', 'image/svg+xml'),
];
