import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { InvoiceRow } from '#services/simulator/machine/invoice.ts';
import { readInvoice } from '#test/support/read-invoice.ts';
import { writeConfig } from '#test/support/write-config.ts';
import root from '../../flotilla.config.ts';
import { passages, type TextKind, textKinds } from './estimate-texts.ts';
import { flotillaEntry } from './flotilla-leg.ts';
import { formatCount, formatTable } from './format-table.ts';

/** What an estimate said, and how far that was from the invoice. */
export interface EstimateFigure {
  expectedUsd: number;
  /** Expected against the invoice: 0.05 is five percent too much. */
  error: number;
  inputError: number;
  isInside: boolean;
  /** Within what it called likely, which it claims of nineteen in twenty. */
  isLikely: boolean;
}

export interface EstimateRow {
  kind: TextKind;
  task: Task;
  documents: number;
  /** Everything that was bought for them, primes included. */
  invoiceUsd: number;
  /** Nothing was answered before: by the calibration alone, and with a sample that the simulator has counted and tried. */
  calibrated: EstimateFigure;
  sampled: EstimateFigure;
  after100: EstimateFigure;
  after1000: EstimateFigure;
}

export interface EstimateBench {
  seed: number;
  rows: EstimateRow[];
}

type Task = 'classify' | 'summarise' | 'handbook';

const cases: readonly { kind: TextKind; task: Task }[] = [
  ...textKinds.map(kind => ({ kind, task: 'classify' as const })),
  { kind: 'readmes', task: 'summarise' },
  { kind: 'readmes', task: 'handbook' },
];

/** Its instructions are long, and the planner marks them: before the first answers an estimate leaves that out, and says so. */
const isCached = ({ task }: Pick<EstimateRow, 'task'>): boolean => task === 'handbook';
const handbookPassages = 12;

const fast = { timeScale: 1_000, latencyMinMs: 0, latencyMaxMs: 300_000 };
/** Items of a batch that is done at once start together, and none reads what another writes; an entry must outlive this computer's turns. */
const slow = { timeScale: 100, latencyMinMs: 300_000, latencyMaxMs: 900_000 };

/** No batch is held back: one more or less among ten would tell of luck, and nothing of the estimate. */
function handbookTask(from: { seed: number; nodeModules: string }) {
  const classify = root.tasks?.classify;
  if (!classify) throw new Error('the configuration of the repository has no task "classify"');
  const handbook = passages({ kind: 'readmes', count: handbookPassages, ...from });
  const instructions = [classify.instructions, ...handbook].join('\n\n');
  return { ...classify, instructions, cache: { mode: 'on' as const, holdBack: 0 } };
}

/** Estimates a file, has it answered by the simulator, and holds the one against the invoice of the other. */
export async function measureEstimates(options: {
  documents: number;
  seed: number;
  directory: string;
  nodeModules: string;
  onRow: (line: string) => void;
}): Promise<EstimateBench> {
  const rows: EstimateRow[] = [];
  for (const one of cases) {
    const row = await measureCase({ ...options, ...one });
    rows.push(row);
    options.onRow(`${row.kind}, ${row.task}: ${percent(row.after1000.error)} after 1,000 answers`);
  }
  return { seed: options.seed, rows };
}

async function measureCase({
  kind,
  task,
  documents,
  seed,
  directory,
  nodeModules,
}: {
  kind: TextKind;
  task: Task;
  documents: number;
  seed: number;
  directory: string;
  nodeModules: string;
}): Promise<EstimateRow> {
  const folder = join(directory, `${kind}-${task}`);
  mkdirSync(folder);
  const { version: _version, ...config } = root;
  const tasks = { ...config.tasks, handbook: handbookTask({ seed, nodeModules }) };
  writeConfig(folder, { ...config, tasks, simulator: isCached({ task }) ? slow : fast });
  const write = (name: string, count: number): string => {
    const texts = passages({ kind, count, seed: seed + name.length, nodeModules });
    const lines = texts.map((content, index) => JSON.stringify({ custom_id: `${name}-${index}`, task, content }));
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
    return name;
  };
  const file = write('documents.jsonl', documents);
  const cold = [await estimate(folder, file, 0), await estimate(folder, file, null)];
  await run(folder, write('first-100.jsonl', 100));
  const after100 = await estimate(folder, file, 0);
  await run(folder, write('the-next-900.jsonl', 900));
  const after1000 = await estimate(folder, file, 0);
  const before = readInvoice(join(folder, '.flotilla', 'simulated')).length;
  await run(folder, file);
  const bill = readInvoice(join(folder, '.flotilla', 'simulated')).slice(before);
  const invoice = {
    usd: bill.reduce((sum, row) => sum + row.costNanoDollars, 0) / 1e9,
    input: bill.reduce((sum, row) => sum + (row.batchId === null ? 0 : promptTokensOf(row)), 0),
  };
  const figureOf = (said: Said): EstimateFigure => ({
    expectedUsd: said.expected,
    error: said.expected / invoice.usd - 1,
    inputError: said.input / invoice.input - 1,
    isInside: said.low <= invoice.usd && invoice.usd <= said.high,
    isLikely: said.likelyLow <= invoice.usd && invoice.usd <= said.likelyHigh,
  });
  const [calibrated, sampled] = cold.map(figureOf) as [EstimateFigure, EstimateFigure];
  return {
    kind,
    task,
    documents,
    invoiceUsd: invoice.usd,
    calibrated,
    sampled,
    after100: figureOf(after100),
    after1000: figureOf(after1000),
  };
}

const promptTokensOf = (row: InvoiceRow): number =>
  row.inputTokens + row.cacheReadTokens + row.cacheWrite5mTokens + row.cacheWrite1hTokens;

interface Said {
  low: number;
  expected: number;
  high: number;
  likelyLow: number;
  likelyHigh: number;
  input: number;
}

/** @param exact requests to be counted by the provider; null: as many as without the flag */
async function estimate(folder: string, file: string, exact: number | null): Promise<Said> {
  const flags = exact === null ? [] : ['--exact', String(exact)];
  const { batchUsd, likelyUsd, inputTokens } = JSON.parse(
    await flotilla(folder, 'estimate', file, '--json', ...flags),
  ) as {
    batchUsd: Record<'low' | 'expected' | 'high', string>;
    likelyUsd: Record<'low' | 'high', string>;
    inputTokens: { expected: number };
  };
  const [low, expected, high] = [batchUsd.low, batchUsd.expected, batchUsd.high].map(Number) as [
    number,
    number,
    number,
  ];
  const [likelyLow, likelyHigh] = [Number(likelyUsd.low), Number(likelyUsd.high)];
  return { low, expected, high, likelyLow, likelyHigh, input: inputTokens.expected };
}

const run = (folder: string, file: string): Promise<string> =>
  flotilla(
    folder,
    'run',
    file,
    '--out',
    `${file}.answers`,
    '--dead-letters',
    `${file}.dead`,
    '--allow-failures',
    '100%',
  );

/** Without a key: everything here is simulated. */
async function flotilla(folder: string, ...args: string[]): Promise<string> {
  const { ANTHROPIC_API_KEY: _key, ANTHROPIC_API_KEY_FILE: _file, ...env } = process.env;
  const options = { cwd: folder, env, maxBuffer: 16 * 1024 * 1024 };
  return (await promisify(execFile)(process.execPath, [flotillaEntry, ...args], options)).stdout;
}

/** One line for each kind of text, and the worst of them against what is aimed at. */
export function formatEstimates({ seed, rows }: EstimateBench): string {
  const table = formatTable(
    [
      'texts',
      'task',
      'documents',
      'invoice $',
      'calibrated',
      'cold',
      'its input',
      '100 answers',
      '1,000 answers',
      'inside',
    ],
    rows.map(row => [
      row.kind,
      row.task,
      formatCount(row.documents),
      row.invoiceUsd.toFixed(6),
      percent(row.calibrated.error),
      percent(row.sampled.error),
      percent(row.sampled.inputError),
      percent(row.after100.error),
      percent(row.after1000.error),
      figuresOf(row).every(({ isInside }) => isInside) ? 'yes' : 'NO',
    ]),
  );
  const worst = (of: (row: EstimateRow) => EstimateFigure, some: readonly EstimateRow[]): string =>
    percent(Math.max(...some.map(row => Math.abs(of(row).error))));
  const uncached = rows.filter(row => !isCached(row));
  const cached = rows.filter(isCached);
  const inside = rows.flatMap(figuresOf).filter(({ isInside }) => isInside).length;
  const learned = rows.flatMap(row => [...(isCached(row) ? [] : [row.sampled]), row.after100, row.after1000]);
  const likely = learned.filter(({ isLikely }) => isLikely).length;
  return [
    table,
    '',
    `seed ${seed}; expected cost against the simulator's invoice of the same file`,
    `worst after 1,000 answers: ${worst(row => row.after1000, uncached)} (target ≤ 1.0 %)`,
    `worst cold, 100 requests counted and tried: ${worst(row => row.sampled, uncached)} (target ≤ 5.0 %); by the calibration alone: ${worst(row => row.calibrated, uncached)}`,
    `with a cached prefix, primes included: ${worst(row => row.after1000, cached)} after 1,000 answers (target ≤ 1.0 %), ${worst(row => row.after100, cached)} after 100; cold leaves the cache out, and says so`,
    `between low and high: ${inside} of ${rows.length * 4} (target: all)`,
    `where something was counted or learned, within the likely range: ${likely} of ${learned.length}`,
  ].join('\n');
}

const figuresOf = ({ calibrated, sampled, after100, after1000 }: EstimateRow): EstimateFigure[] => [
  calibrated,
  sampled,
  after100,
  after1000,
];

const percent = (share: number): string => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
