import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { journalKinds } from '#core/journal.ts';
import { causes } from '#core/outcome.ts';
import { transitions } from '#core/reduce-journal.ts';
import { topics } from '#ports/log.ts';
import { counters, gauges, histograms, spanAttributes, spans } from '#ports/telemetry.ts';
import { exitCodes } from '#services/cli/exit-codes.ts';
import { crashRows } from '#test/simulation/crash-rows.ts';
import { codeFaults, isBarrel, nameFault } from './architecture/code-rules.ts';
import { laterFailures } from './architecture/failures.ts';
import { clientFault, clientPlaces, importCycles, importFault } from './architecture/import-rules.ts';
import { linkedFiles, tableBelow } from './architecture/markdown.ts';
import { referencePages, regenerate } from './architecture/reference-pages.ts';
import {
  filesBelow,
  parseSourceFile,
  readSourceFiles,
  readText,
  repositoryRoot,
  type SourceFile,
} from './architecture/source-files.ts';

const files = readSourceFiles(['shared', 'services', 'test']);
const product = files.filter(({ path }) => !path.startsWith('test/') && !path.endsWith('.test.ts'));

const none = (faults: readonly string[], rule: string): void =>
  assert.deepEqual(faults, [], `${rule}\n${faults.map(fault => `  ${fault}`).join('\n')}`);

const importFaults = (fault: typeof importFault): string[] =>
  product.flatMap(file =>
    file.imports.flatMap(each => {
      const found = fault(file, each);
      return found === null ? [] : [`${file.path}:${each.line}: ${found}`];
    }),
  );

/** Tests may name each other's types; the product may not. */
const withoutTypes = (file: SourceFile): SourceFile => ({
  ...file,
  imports: file.imports.filter(({ isType }) => !isType),
});

const foldersIn = (folder: string): string[] =>
  readdirSync(join(repositoryRoot, folder), { withFileTypes: true })
    .filter(entry => entry.isDirectory() && filesBelow(`${folder}/${entry.name}`).length > 0)
    .map(entry => `${folder}/${entry.name}`)
    .sort();

const dependencies = JSON.parse(readText('package.json')) as Record<
  'dependencies' | 'devDependencies' | 'optionalDependencies',
  Record<string, string>
>;

describe('imports', () => {
  it('read every import of the tree', () => {
    assert.ok(product.length > 100);
    for (const file of files) {
      for (const { target, line } of file.imports) {
        const where = `${file.path}:${line}: ${target} does not exist`;
        assert.ok(target === null || existsSync(join(repositoryRoot, target)), where);
      }
    }
  });

  it('go only where a layer may go', () => none(importFaults(importFault), 'a layer is crossed:'));

  it('reach a client or a built-in module only from its place', () =>
    none(importFaults(clientFault), 'a client is used outside its folder:'));

  it('form no cycle', () =>
    none(
      [...importCycles(product), ...importCycles(files.map(withoutTypes))].map(
        cycle => `${cycle.join(' → ')}: move what both need into a file of its own`,
      ),
      'files import each other:',
    ));

  it('of packages are listed in package.json, and every package there has a place', () => {
    const listed = Object.keys(dependencies.dependencies).sort();
    const placed = Object.keys(clientPlaces).filter(name => !name.startsWith('node:'));
    assert.deepEqual(listed, placed.sort(), 'name its folder in test/architecture/import-rules.ts, or remove it');
  });
});

describe('code', () => {
  it('gets time, waiting, randomness and environment from outside, and never asks for the mode', () =>
    none(product.flatMap(codeFaults), 'a rule of the code is broken:'));

  it('believes no header of its own intake in a log that others write', () =>
    none(
      product
        .filter(({ code }) => /\bawait openKafkaLog\(/.test(code) && !/\bdocumentsFromOutside\(/.test(code))
        .map(({ path }) => `${path} opens the log of a fleet: put documentsFromOutside around it`),
      'forged headers would be believed:',
    ));

  it('has no barrels', () =>
    none(
      files.filter(isBarrel).map(({ path }) => `${path} only hands on: import from the file that defines it`),
      'a file defines nothing:',
    ));

  it('is in files named after one idea', () =>
    none(
      files.flatMap(({ path }) => {
        const fault = nameFault(path);
        return fault === null ? [] : [`${path}: ${fault}`];
      }),
      'a name is not one:',
    ));
});

describe('the rules', () => {
  const faultsOf = (path: string, text: string): string => {
    const file = parseSourceFile(path, text);
    const imported = file.imports.flatMap(each => [importFault(file, each), clientFault(file, each)]);
    return [...imported, ...codeFaults(file), nameFault(path)].filter(fault => fault !== null).join(' ');
  };
  const broken: readonly (readonly [path: string, text: string, instead: RegExp])[] = [
    ['shared/core/a.ts', "import { b } from '#ports/b.ts';", /core must not import ports .* as an argument/],
    ['shared/core/a.ts', "import { readFileSync } from 'node:fs';", /core must not import node:fs.* take a port/],
    ['shared/core/a.ts', 'const at = Date.now();', /time comes in.* take `now`/],
    ['shared/core/a.ts', 'const at = new Date();', /time comes in/],
    ['shared/runtime/a.ts', 'const dice = Math.random();', /randomness comes in/],
    ['services/poller/a.ts', 'setTimeout(again, 5);', /waiting comes in.* `clock.sleep`/],
    ['services/poller/a.ts', 'const { KEY } = process.env;', /environment.* take a setting/],
    ['services/poller/a.ts', 'if (settings.isFleet) return;', /asks for the mode.* another adapter/],
    ['services/poller/a.ts', "if (mode === 'embedded') return;", /asks for the mode/],
    [
      'services/poller/a.ts',
      "import { b } from '#adapters/sqlite/b.ts';",
      /service must not import adapters .* let a main/,
    ],
    ['services/poller/a.ts', "import { b } from '../submitter/b.ts';", /service must not import service/],
    ['services/cli/run/a.ts', "import { b } from '#adapters/sqlite/b.ts';", /cli must not import adapters/],
    ['services/simulator/a.ts', "import { b } from '#core/b.ts';", /simulator must not import core .* wrong together/],
    ['shared/adapters/sqlite/a.ts', "import { b } from '../memory/b.ts';", /adapters must not import adapters/],
    [
      'shared/adapters/memory/a.ts',
      "import { DatabaseSync } from 'node:sqlite';",
      /node:sqlite is imported only below/,
    ],
    ['services/cli/a.ts', "const sdk = await import('@anthropic-ai/sdk');", /only below shared\/adapters\/anthropic/],
    ['services/cli/a.ts', "import mongodb from 'mongodb';", /mongodb has no place yet/],
    ['shared/core/a.ts', "export * from './b.ts';", /no barrels/],
    ['shared/core/utils.ts', 'export const a = 1;', /names no idea/],
    ['shared/core/decideRetry.ts', 'export const a = 1;', /not kebab-case/],
  ];
  for (const [path, text, instead] of broken) {
    it(`refuse in ${path}: ${text}`, () => assert.match(faultsOf(path, text), instead));
  }

  it('allow what the layers may do, and what stands in comments', () => {
    assert.equal(faultsOf('services/poller/a.ts', "import type { Log } from '#ports/log.ts'; // not Date.now()"), '');
    assert.equal(faultsOf('services/cli/embedded.ts', "import { b } from '#adapters/sqlite/b.ts';"), '');
    assert.equal(faultsOf('shared/core/a.ts', "import { hash } from 'node:crypto';"), '');
  });

  it('see a cycle through types, and one file that hands on another', () => {
    const [a, b] = [
      parseSourceFile('shared/core/a.ts', "import type { B } from './b.ts';"),
      parseSourceFile('shared/core/b.ts', "import { a } from './a.ts';"),
    ];
    assert.deepEqual(importCycles([a, b]), [['shared/core/a.ts', 'shared/core/b.ts', 'shared/core/a.ts']]);
    assert.ok(
      isBarrel(parseSourceFile('shared/core/c.ts', "export { a } from './a.ts';\nexport { b } from './b.ts';")),
    );
  });
});

describe('metrics and spans', () => {
  const writers = product.filter(({ path }) => path !== 'shared/ports/telemetry.ts');
  const names = [counters, gauges, histograms, spans, spanAttributes].flatMap(group => Object.keys(group));

  it('are all written by somebody', () =>
    none(
      names
        .filter(name => !writers.some(({ code }) => code.includes(`'${name}'`)))
        .map(name => `${name}: write it, or take it away`),
      'a name is promised and never written:',
    ));

  it('have names by one rule: counters end in _total, nothing else does, and words of units come last', () => {
    for (const name of [...Object.keys(counters), ...Object.keys(gauges), ...Object.keys(histograms)]) {
      assert.match(name, /^flotilla_[a-z]+(_[a-z]+)*$/);
      assert.equal(name.endsWith('_total'), name in counters, name);
      assert.doesNotMatch(name, /_(ms|milliseconds|minutes|usd|kb|mb)(_|$)/, `${name}: seconds, bytes, nanodollars`);
    }
  });
});

describe('ARCHITECTURE.md', () => {
  const text = readText('ARCHITECTURE.md');
  const firstCells = (heading: string): string[] => tableBelow(text, heading).map(([first]) => first as string);

  it('has every state of a batch, with the records that end it', () => {
    const rows = tableBelow(text, '## States of a batch').map(([state, , leaves]) => [state, leaves]);
    const inCode = Object.entries(transitions).map(([state, kinds]) => [state, kinds.join(', ') || 'final']);
    assert.deepEqual(rows, inCode, 'correct the table, or `transitions` of shared/core/reduce-journal.ts');
  });

  it('has every journal record', () =>
    assert.deepEqual(firstCells('## Journal records'), [...journalKinds], 'correct the table, or `journalKinds`'));

  it('has every topic', () => assert.deepEqual(firstCells('## Topics'), [...topics], 'correct the table, or `topics`'));

  it('says of every cause what follows it', () => {
    const inCode = Object.entries(causes).map(([cause, row]) => [cause, row.outcome, row.class, row.again]);
    const rows = tableBelow(text, '## What follows an item that did not succeed').map(row => row.slice(0, 4));
    assert.deepEqual(rows, inCode, 'correct the table, or `causes` of shared/core/outcome.ts');
  });

  it('maps every folder of the code', () => {
    const folders = ['services', 'shared', 'shared/adapters', 'shared/core', 'test'].flatMap(foldersIn).sort();
    assert.deepEqual(firstCells('## Code map').sort(), folders, 'give each folder its line in the code map');
  });
});

describe('README.md', () => {
  const text = readText('README.md');

  it('has 250 lines at most', () => assert.ok(text.split('\n').length <= 251));

  it('has every exit code', () => {
    const inReadme = tableBelow(text, '## Exit codes').map(([code]) => Number(code));
    assert.deepEqual(inReadme, Object.values(exitCodes), 'correct the table, or services/cli/exit-codes.ts');
  });
});

describe('infra/dependencies.md', () => {
  const text = readText('infra/dependencies.md');
  const names = (...groups: ('dependencies' | 'devDependencies' | 'optionalDependencies')[]) =>
    groups.flatMap(group => Object.keys(dependencies[group] ?? {})).sort();
  const inTable = (heading: string) => tableBelow(text, heading).map(([name]) => name as string);

  it('says of every dependency that runs why it is here', () => {
    const direct = names('dependencies', 'optionalDependencies');
    assert.deepEqual(inTable('## That run').sort(), direct, 'a sentence of why for each');
    assert.ok(direct.length <= 30, '30 direct dependencies at most');
  });

  it('says of every other why it is here', () =>
    assert.deepEqual(
      inTable('## For tests and benches').sort(),
      names('devDependencies'),
      'a sentence of why for each',
    ));
});

describe('documents', () => {
  const pages = ['README.md', 'ARCHITECTURE.md', 'STYLE.md', 'CHANGELOG.md']
    .concat(...['infra', 'services', 'shared', 'test'].map(filesBelow))
    .filter(path => path.endsWith('.md'));

  for (const [path, render] of Object.entries(referencePages)) {
    it(`${path} equals the code`, () => assert.equal(readText(path), render(), `write it anew: ${regenerate}`));
  }

  it('link only to files that exist', () =>
    none(
      pages.flatMap(page =>
        linkedFiles(readText(page))
          .filter(target => !existsSync(join(repositoryRoot, dirname(page), target)))
          .map(target => `${page} → ${target}: correct the link`),
      ),
      'a link leads nowhere:',
    ));

  it('say of every service what it reads, writes, scales by, and what happens when it is killed', () => {
    for (const folder of foldersIn('services')) {
      const readme = `${folder}/README.md`;
      assert.ok(existsSync(join(repositoryRoot, readme)), `${readme} is missing`);
      for (const row of ['reads', 'writes', 'scales by', 'if killed']) {
        assert.ok(readText(readme).includes(`| ${row} |`), `${readme}: no row "${row}"`);
      }
    }
  });

  it('have decisions that are dated, and say context, decision and consequences', () => {
    for (const path of filesBelow('infra/decisions')) {
      assert.match(path, /^infra\/decisions\/\d{4}-\d{2}-\d{2}-[a-z0-9-]+\.md$/);
      for (const part of ['Context', 'Decision', 'Consequences']) {
        assert.ok(readText(path).includes(`## ${part}\n`), `${path}: no "${part}"`);
      }
    }
  });
});

/** Rows of protocol §8 that the simulation does not meet, each with why. */
const rowsElsewhere: Readonly<Record<string, string>> = {
  C1: 'the gateway comes with the fleet',
  C10: 'comes with providers that take files',
  C21: 'a replay carries a key that SEALED claims: services/cli, and "dead letter replayed twice" of the simulation',
  C26: 'simulated state lies in a folder of its own: services/cli/embedded.ts',
};

describe('infra/protocol.md', () => {
  it('has no crash point that the simulation does not meet, but for those of what is elsewhere', () => {
    const rows = tableBelow(readText('infra/protocol.md'), '## 8. Crash points').map(([name]) => name as string);
    const met = [...crashRows.map(({ name }) => name), ...Object.keys(rowsElsewhere)];
    assert.deepEqual(new Set(met), new Set(rows), 'add the row to test/simulation/crash-rows.ts');
  });
});

describe('infra/failures.md', () => {
  const ids = tableBelow(readText('infra/failures.md'), '## The failures').map(([id]) => id as string);
  const tests = files.filter(({ path }) => /\.test\.ts$|^test\//.test(path) && !path.startsWith('test/architecture'));
  const isNamed = (id: string): boolean => {
    const pattern = new RegExp(`(?<![\\w$])${id.replace('$', '\\$')}(?!\\w)`);
    return tests.some(({ text }) => pattern.test(text));
  };

  it('has every failure named by a test, but for those of what is not there yet', t => {
    const unnamed = ids.filter(id => !isNamed(id));
    const late = unnamed.filter(id => laterFailures[id] === undefined);
    none(
      late.map(id => `${id}: name it in the title or a comment of the test that shows it`),
      'a failure is named by no test:',
    );
    for (const id of Object.keys(laterFailures)) {
      assert.ok(ids.includes(id), `${id} is no failure of infra/failures.md`);
      if (isNamed(id)) t.diagnostic(`${id} is named by a test now: take it from test/architecture/failures.ts`);
    }
  });
});
