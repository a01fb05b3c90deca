import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePrograms, testPrograms } from './support/services/service-chain.ts';

/**
 * `npm test`: everything but the long runs, and what each part took. Parts of test files run one after the other; no file is left
 * out: what belongs to no part is the last one. The seeds run beside them.
 */
interface Part {
  name: string;
  /** Patterns of test files. */
  files: readonly string[];
  /** Files at a time; those that start several processes each want the machine for themselves. */
  atOnce?: number;
}

const parts: readonly Part[] = [
  { name: 'unit', files: ['shared/**/*.test.ts', 'services/**/*.test.ts'] },
  { name: 'architecture', files: ['test/architecture.test.ts', 'test/architecture/**/*.test.ts'] },
  { name: 'conformance of every adapter', files: ['test/conformance/**/*.test.ts'] },
  { name: 'simulation', files: ['test/simulation/**/*.test.ts'] },
  { name: 'flows', files: ['test/flows/**/*.test.ts'] },
  { name: 'integration', files: ['test/integration/**/*.test.ts'] },
  { name: 'chaos, the short runs', files: ['test/chaos/**/*.test.ts'], atOnce: 1 },
  { name: "the README's commands", files: ['test/examples/**/*.test.ts'], atOnce: 1 },
];

/** Its time is virtual, so it gets what the parts leave of the machine. */
const seeds = {
  name: 'simulation, 2,000 seeds',
  command: ['test/simulation/main.ts', '--seeds', '2000', '--jobs', '2', '--json'],
} as const;

interface PartResult {
  name: string;
  counts: Counts;
  isPassed: boolean;
  seconds: number;
}

interface Counts {
  tests: number;
  pass: number;
  fail: number;
  cancelled: number;
  skipped: number;
  todo: number;
}

const nodeMajorMin = 24;
/** No test takes so long by far: one that hangs fails by its name, and the others still run. */
const testTimeoutMs = 900_000;
/** The end of a part in which even that did not help: the runner names the file that is still open. */
const partTimeoutMs = 1_500_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const noCounts: Counts = { tests: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };
const countNames = Object.keys(noCounts) as (keyof Counts)[];

process.exitCode = isNodeNewEnough() && (await runAll()) ? 0 : 1;

function isNodeNewEnough(): boolean {
  if (Number.parseInt(process.versions.node, 10) >= nodeMajorMin) return true;
  process.stderr.write(
    `error: these tests need Node ${nodeMajorMin}, and this is Node ${process.versions.node} (${process.execPath})\n` +
      '  Fix:   npm ci (it brings a Node of its own, which npm test uses), or put Node 24 on PATH\n',
  );
  return false;
}

/** @returns true when everything passed */
async function runAll(): Promise<boolean> {
  const startedOn = performance.now();
  installPrograms();
  const results: PartResult[] = [];
  const beside = runCommand(seeds.name, seeds.command);
  const taken = new Set<string>();
  for (const part of parts) {
    const files = filesOf(part.files);
    for (const file of files) taken.add(file);
    if (files.length > 0) results.push(await runFiles(part, files));
  }
  const others = filesOf(['test/**/*.test.ts']).filter(file => !taken.has(file));
  if (others.length > 0) results.push(await runFiles({ name: 'everything else' }, others));
  const { output, ...result } = await beside;
  process.stdout.write(`${headingOf(result.name)}${output}\n`);
  results.push(result);
  return report(results, secondsSince(startedOn));
}

/** Once and before everything: two test files that install at the same time would be in each other's way. */
function installPrograms(): void {
  for (const { programs, debianPackages } of testPrograms) {
    try {
      ensurePrograms(programs, debianPackages);
    } catch (error) {
      // Servers may come from elsewhere; the test that needs it says so again, and fails.
      process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

function filesOf(patterns: readonly string[]): string[] {
  return patterns.flatMap(pattern => globSync(pattern, { cwd: root })).sort();
}

async function runFiles({ name, atOnce = 2 }: Omit<Part, 'files'>, files: readonly string[]): Promise<PartResult> {
  // Not `--test-force-exit`: a file that has failed would still fail, but what it reports last is lost, tests and all.
  const bounds = [`--test-timeout=${testTimeoutMs}`, `--test-concurrency=${atOnce}`];
  const args = ['--test', '--test-reporter=spec', ...bounds, ...files];
  process.stdout.write(headingOf(`${name}: ${files.length} files`));
  const { code, output, seconds } = await runProgram([process.execPath, ...args], text => process.stdout.write(text));
  const counts = { ...noCounts };
  for (const count of countNames) counts[count] = Number(new RegExp(`^ℹ ${count} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  // A test that is skipped has shown nothing: it counts as failed, here as in CI.
  const isPassed = code === 0 && counts.skipped + counts.todo === 0 && counts.tests > 0;
  return { name, counts, isPassed, seconds };
}

/** At the lowest priority. */
async function runCommand(
  name: string,
  [script, ...args]: readonly [string, ...string[]],
): Promise<PartResult & { output: string }> {
  if (!existsSync(join(root, script))) throw new Error(`${script} is gone`);
  const { code, output, seconds } = await runProgram(['nice', '-n', '19', process.execPath, script, ...args], () => {});
  const isPassed = code === 0;
  const counts = { ...noCounts, tests: 1, pass: isPassed ? 1 : 0, fail: isPassed ? 0 : 1 };
  return { name, counts, isPassed, seconds, output };
}

function headingOf(text: string): string {
  return `\n=== ${text} ===\n\n`;
}

/** The end of what it says is kept, to be counted. @param onText hears it as it comes */
async function runProgram(
  [program, ...args]: readonly [string, ...string[]],
  onText: (text: string) => void,
): Promise<{ code: number | null; output: string; seconds: number }> {
  const startedOn = performance.now();
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: partTimeoutMs,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    onText(text);
    output = (output + text).slice(-1_000_000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output, seconds: secondsSince(startedOn) };
}

function report(results: readonly PartResult[], seconds: number): boolean {
  process.stdout.write('\n=== all ===\n\n');
  for (const { name, counts, isPassed, seconds: took } of results) {
    const mark = isPassed ? '✔' : '✖';
    process.stdout.write(
      `${mark} ${name.padEnd(32)} ${String(counts.tests).padStart(5)} tests ${took.toFixed(1).padStart(7)} s\n`,
    );
  }
  for (const name of countNames) {
    const sum = results.reduce((total, { counts }) => total + counts[name], 0);
    process.stdout.write(`ℹ ${name} ${sum}\n`);
  }
  process.stdout.write(`ℹ duration_ms ${Math.round(seconds * 1_000)}\n`);
  return results.every(({ isPassed }) => isPassed);
}

function secondsSince(startedOn: number): number {
  return (performance.now() - startedOn) / 1_000;
}
