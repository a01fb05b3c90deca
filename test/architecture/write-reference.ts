import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referencePages } from './reference-pages.ts';
import { repositoryRoot } from './source-files.ts';

for (const [path, render] of Object.entries(referencePages)) {
  writeFileSync(join(repositoryRoot, path), render());
  console.log(path);
}
