#!/usr/bin/env node
// Starts main.ts with a Node that can run it. Plain JavaScript for any Node since 18: whatever `node` means on this
// machine, `npx flotilla` works. Nothing is looked for on the network.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const nodeMajorMin = 24;
const args = process.argv.slice(2);

/** npm links this file into a folder of its own, so the real place of the package has to be asked for. */
const here = dirname(realpathSync(fileURLToPath(import.meta.url)));

if (majorOf(process.versions.node) >= nodeMajorMin) {
  const { main } = await import('./main.ts');
  await main(args);
} else {
  const node = findNode();
  if (node === null) refuse();
  else launch(node);
}

function findNode() {
  const bundled = bundledNodes().find(isExecutable);
  if (bundled !== undefined) return bundled;
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (folder !== '' && isExecutable(path) && isNewEnough(path)) return path;
  }
  return null;
}

/** The package brings a Node of its own as an optional dependency; it lies beside it or in a folder above. */
function bundledNodes() {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  const paths = [];
  for (let folder = here; ; folder = dirname(folder)) {
    paths.push(join(folder, 'node_modules', `node-${system}-${process.arch}`, 'bin', binary));
    if (dirname(folder) === folder) return paths;
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isNewEnough(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 5_000 });
  return majorOf((stdout ?? '').trim().replace(/^v/, '')) >= nodeMajorMin;
}

function majorOf(version) {
  return Number.parseInt(version, 10) || 0;
}

function launch(node) {
  // The fourth channel says nothing; its end tells the child that this process was killed, so that nothing goes on unseen.
  const isWorker = args[0] === 'worker'; // its bounds of memory: lean-process.ts
  const child = spawn(node, [...(isWorker ? ['--max-semi-space-size=16'] : []), join(here, 'main.ts'), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...(isWorker ? { MALLOC_TRIM_THRESHOLD_: '131072' } : {}), ...process.env, FLOTILLA_LAUNCHER_FD: '3' },
  });
  // A terminal sends Ctrl-C to both; a second one would mean "at once".
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const forward = signal => () => {
    if (signal !== 'SIGINT' || !hasTerminal) child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward(signal));
  child.on('error', error => {
    process.stderr.write(`error: ${node} cannot be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exit(code ?? 1);
    } else {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}

function refuse() {
  process.stderr.write(
    [
      'error: no Node.js that can run flotilla',
      `  where: this is Node ${process.versions.node} (${process.execPath}); none newer in the package or on PATH`,
      `  why:   flotilla runs TypeScript as it is, which needs Node ${nodeMajorMin} or newer`,
      '  Fix:   npm install (it brings a Node of its own), or put Node 24 on PATH',
      '  code:  invalid-usage',
      '',
    ].join('\n'),
  );
  process.exitCode = 2;
}
