import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
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
  task: string;
  documents: number;
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

const cases: readonly { kind: TextKind; task: 'classify' | 'summarise' }[] = [
  ...textKinds.map(kind => ({ kind, task: 'classify' as const })),
  { kind: 'readmes', task: 'summarise' },
];

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
  task: string;
  documents: number;
  seed: number;
  directory: string;
  nodeModules: string;
}): Promise<EstimateRow> {
  const folder = join(directory, `${kind}-${task}`);
  mkdirSync(folder);
  const { version: _version, ...config } = root;
  writeConfig(folder, { ...config, simulator: { timeScale: 1_000, latencyMinMs: 0, latencyMaxMs: 300_000 } });
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
    input: bill.reduce((sum, row) => sum + row.inputTokens, 0),
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
    documents: bill.length,
    invoiceUsd: invoice.usd,
    calibrated,
    sampled,
    after100: figureOf(after100),
    after1000: figureOf(after1000),
  };
}

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
  const worst = (of: (row: EstimateRow) => EstimateFigure): string =>
    percent(Math.max(...rows.map(row => Math.abs(of(row).error))));
  const inside = rows.flatMap(figuresOf).filter(({ isInside }) => isInside).length;
  const learned = rows.flatMap(({ sampled, after100, after1000 }) => [sampled, after100, after1000]);
  const likely = learned.filter(({ isLikely }) => isLikely).length;
  return [
    table,
    '',
    `seed ${seed}; expected cost against the simulator's invoice of the same file`,
    `worst after 1,000 answers: ${worst(row => row.after1000)} (target ≤ 1.0 %)`,
    `worst cold, 100 requests counted and tried: ${worst(row => row.sampled)} (target ≤ 5.0 %); by the calibration alone: ${worst(row => row.calibrated)}`,
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
