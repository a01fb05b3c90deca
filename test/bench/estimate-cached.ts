import { join } from 'node:path';
import { startSimulator } from '#services/simulator/service.ts';
import { writeConfig } from '#test/support/write-config.ts';
import root from '../../flotilla.config.ts';
import { billedOf, type EstimateFigure, EstimateFolder, figureOf } from './estimate-folder.ts';
import { passages } from './estimate-texts.ts';
import { formatCount, formatTable } from './format-table.ts';

/** One provider: its draws, and how many of the possible cache reads it serves. */
export interface CachedEstimateRow {
  seed: number;
  hitShare: number;
  /** Everything that was bought for the file, primes included. */
  invoiceUsd: number;
  primes: number;
  /** Nothing was answered before: a sample is counted, as with a real key; answers and cache are guessed. */
  cold: EstimateFigure;
  after100: EstimateFigure;
  after1000: EstimateFigure;
}

export interface CachedEstimates {
  documents: number;
  rows: CachedEstimateRow[];
}

const task = 'handbook';
const handbookPassages = 12;
const kind = 'readmes' as const;
/** Items of a batch that is done at once start together, and none reads what another writes; an entry must outlive this computer's turns. */
const timeScale = 100;
const latency = { minMs: 300_000, maxMs: 900_000 };
const apiKey = 'sk-ant-bench-key';
const counted = 100;

/** Estimates a file whose instructions are marked for the cache, has it answered, and holds the one against the invoice of the other. */
export async function measureCachedEstimates(options: {
  documents: number;
  seeds: readonly number[];
  hitShares: readonly number[];
  directory: string;
  nodeModules: string;
  onRow: (line: string) => void;
}): Promise<CachedEstimates> {
  const { documents, seeds, hitShares, onRow } = options;
  const rows: CachedEstimateRow[] = [];
  for (const seed of seeds) {
    for (const hitShare of hitShares) {
      const row = await measureProvider({ ...options, seed, hitShare });
      rows.push(row);
      onRow(`seed ${seed}, hits ${percent(hitShare)}: ${percent(row.after1000.error)} after 1,000 answers`);
    }
  }
  return { documents, rows };
}

async function measureProvider(options: {
  documents: number;
  seed: number;
  hitShare: number;
  directory: string;
  nodeModules: string;
}): Promise<CachedEstimateRow> {
  const { documents, seed, hitShare, directory, nodeModules } = options;
  const path = join(directory, `cached-${seed}-${hitShare}`);
  const folder = new EstimateFolder({ path, task, texts: { kind, seed, nodeModules }, apiKey });
  const simulator = await startSimulator({ seed, timeScale, latency, cacheHitShare: hitShare });
  try {
    const { version: _version, ...config } = root;
    const providers = { anthropic: { baseUrl: simulator.baseUrl, timeScale } };
    writeConfig(path, { ...config, tasks: { [task]: handbookTask({ seed, nodeModules }) }, providers });
    const file = folder.write('documents.jsonl', documents);
    const cold = await folder.estimate(file, counted);
    await folder.run(folder.write('first-100.jsonl', 100));
    const after100 = await folder.estimate(file, null);
    await folder.run(folder.write('the-next-900.jsonl', 900));
    const after1000 = await folder.estimate(file, null);
    const limit = 10_000;
    const before = simulator.invoice({ limit }).rows.length;
    await folder.run(file);
    const billed = billedOf(simulator.invoice({ after: before, limit }).rows);
    return {
      seed,
      hitShare,
      invoiceUsd: billed.usd,
      primes: billed.primes,
      cold: figureOf(cold, billed),
      after100: figureOf(after100, billed),
      after1000: figureOf(after1000, billed),
    };
  } finally {
    await simulator.close();
  }
}

/** No batch is held back: one more or less among ten would tell of luck, and nothing of the estimate. */
function handbookTask(from: { seed: number; nodeModules: string }) {
  const classify = root.tasks?.classify;
  if (!classify) throw new Error('the configuration of the repository has no task "classify"');
  const handbook = passages({ kind, count: handbookPassages, ...from });
  const instructions = [classify.instructions, ...handbook].join('\n\n');
  return { ...classify, instructions, cache: { mode: 'on' as const, holdBack: 0 } };
}

/** One line for each provider, and the worst of them against what is aimed at. */
export function formatCachedEstimates({ documents, rows }: CachedEstimates): string {
  const table = formatTable(
    [
      'seed',
      'hits',
      'invoice $',
      'primes',
      'cache left out',
      'cold',
      '100 answers',
      '1,000 answers',
      'inside',
      'likely',
    ],
    rows.map(row => [
      String(row.seed),
      percent(row.hitShare),
      row.invoiceUsd.toFixed(6),
      String(row.primes),
      percent(row.cold.uncachedError),
      percent(row.cold.error),
      percent(row.after100.error),
      percent(row.after1000.error),
      shareOf(row, ({ isInside }) => isInside),
      shareOf(row, ({ isLikely }) => isLikely),
    ]),
  );
  const errors = rows.map(({ after1000 }) => after1000.error);
  const within = errors.filter(error => Math.abs(error) <= 0.01).length;
  const figures = rows.flatMap(figuresOf);
  const cold = (of: (figure: EstimateFigure) => number): string =>
    percent(mean(rows.map(row => Math.abs(Math.log(1 + of(row.cold))))));
  return [
    table,
    '',
    `${formatCount(documents)} documents behind a handbook, planner on, with a key; expected cost against the invoice, primes included`,
    `after 1,000 answers: worst ${percent(Math.max(...errors.map(Math.abs)))} (target ≤ 1.0 %), ${within} of ${rows.length} within it, mean ${percent(mean(errors))}`,
    `cold, mean |ln(expected / invoice)|: ${cold(({ error }) => error)}; with the cache left out: ${cold(({ uncachedError }) => uncachedError)}`,
    `between low and high: ${figures.filter(({ isInside }) => isInside).length} of ${figures.length} (target: all); within the likely range: ${figures.filter(({ isLikely }) => isLikely).length}`,
  ].join('\n');
}

const figuresOf = ({ cold, after100, after1000 }: CachedEstimateRow): EstimateFigure[] => [cold, after100, after1000];

function shareOf(row: CachedEstimateRow, is: (figure: EstimateFigure) => boolean): string {
  const figures = figuresOf(row);
  return `${figures.filter(is).length} of ${figures.length}`;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const percent = (share: number): string => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
