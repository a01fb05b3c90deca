import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJsonLines } from '#test/support/read-json-lines.ts';
import { packageTexts } from './package-texts.ts';
import { poisonLines } from './poison-lines.ts';

const documentsCount = 300;
/** The model declines one document (`flotilla.config.ts` beside this file). */
const refusalsPlanned = 1;

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, '.flotilla', 'start');
const [input, out, dead] = ['documents', 'answers', 'dead'].map(name => join(folder, `${name}.jsonl`)) as [
  string,
  string,
  string,
];

const settings = [
  `--config=${join('test', 'examples', 'flotilla.config.ts')}`,
  `--state=${join('.flotilla', 'start', 'state')}`,
];

interface DeadLetter {
  custom_id: string | null;
  cause: string;
  line: number;
}

await start();

/** `npm start`: real documents through the real command against the simulator, then the audit. */
async function start(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeDocuments();
  const planned = poisonLines.length + refusalsPlanned;
  const outputs = ['--out', out, '--dead-letters', dead];
  const runCode = await flotilla('run', input, '--task', 'classify', ...outputs, '--allow-failures', String(planned));
  printDeadLetters();
  const auditCode = await flotilla('audit');
  const isAsPlanned = runCode === 0 && auditCode === 0 && failedAsPlanned();
  console.log(isAsPlanned ? 'Only the planned documents failed, and the audit is clean.' : 'This is not as planned.');
  console.log(`Look closer with: npx flotilla status ${settings.join(' ')}`);
  process.exitCode = isAsPlanned ? 0 : 1;
}

/** The poison stands among the documents, not behind them. */
function writeDocuments(): void {
  const texts = packageTexts(join(root, 'node_modules'), documentsCount);
  const lines: Buffer[] = texts.map(({ name, package: source, text }) =>
    Buffer.from(JSON.stringify({ custom_id: name, content: text, metadata: { package: source } })),
  );
  for (const [index, { line }] of poisonLines.entries()) lines.splice((index + 1) * 70, 0, line);
  writeFileSync(input, Buffer.concat(lines.flatMap(line => [line, Buffer.from('\n')])));
  const kinds = poisonLines.map(({ kind }) => kind).join(', ');
  console.log(
    `${texts.length} texts of the packages in node_modules, and ${poisonLines.length} lines of poison (${kinds}):`,
  );
  console.log(`  ${relative(process.cwd(), input)}`);
}

/** As a user would, on this terminal; without a key or a fleet, whatever the environment holds, so that nothing is ever bought. */
async function flotilla(...args: string[]): Promise<number | null> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ANTHROPIC|FLOTILLA)_/.test(name)));
  const child = spawn(process.execPath, [join(root, 'services/cli/flotilla.mjs'), ...args, ...settings], {
    cwd: root,
    stdio: 'inherit',
    env,
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

function printDeadLetters(): void {
  for (const { line, cause, custom_id: customId } of readJsonLines<DeadLetter>(dead)) {
    console.log(`  dead letter: line ${line}, ${customId ?? 'no custom_id'}: ${cause}`);
  }
}

function failedAsPlanned(): boolean {
  const causes = readJsonLines<DeadLetter>(dead).map(({ cause }) => cause);
  const planned = [...poisonLines.map(({ cause }) => cause), ...Array(refusalsPlanned).fill('refused')];
  return JSON.stringify(causes.sort()) === JSON.stringify(planned.sort());
}
