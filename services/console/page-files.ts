import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';

export interface PageFile {
  path: string;
  type: string;
  body: Buffer;
}

const folder = new URL('./page/', import.meta.url);

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The screen: one page, a module for each of its parts, one sheet, one picture; written by hand and served as they are. */
export const readPageFiles = (): PageFile[] =>
  readdirSync(folder).flatMap(name => {
    const type = types[extname(name)];
    const path = name === 'console.html' ? '/' : `/${name}`;
    return type === undefined ? [] : [{ path, type, body: readFileSync(new URL(name, folder)) }];
  });
