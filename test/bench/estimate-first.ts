import { join } from 'node:path';
import { writeConfig } from '#test/support/write-config.ts';
import root from '../../flotilla.config.ts';
import { billedOf, type EstimateFigure, EstimateFolder, figureOf } from './estimate-folder.ts';
import { passages } from './estimate-texts.ts';
import { formatCount, formatTable } from './format-table.ts';

/** One file behind one prefix, in a project where nothing was run before. */
export interface FirstEstimateRow {
  documents: number;
  /** Of a document with its instructions, as billed. */
  inputTokens: number;
  /** Everything that was bought for the file, primes included. */
  invoiceUsd: number;
  primes: number;
  figure: EstimateFigure;
}

export interface FirstEstimates {
  seed: number;
  rows: FirstEstimateRow[];
}

const task = 'handbook';
const kind = 'readmes' as const;
/** About 2,000, 12,000 and 40,000 tokens. */
const handbookPassages = [4, 27, 75];
/** Thirty times as fast, not a thousand: an entry has to outlive the turns of this computer, and a batch may be 16 MB. */
const simulator = { timeScale: 30, latencyMinMs: 300_000, latencyMaxMs: 900_000 };

/** Estimates a file behind instructions that the planner marks, without a key and before anything was answered, and then runs it. */
export async function measureFirstEstimates({
  documents,
  seed,
  directory,
  nodeModules,
  onRow,
}: {
  documents: readonly number[];
  seed: number;
  directory: string;
  nodeModules: string;
  onRow: (line: string) => void;
}): Promise<FirstEstimates> {
  const rows: FirstEstimateRow[] = [];
  for (const count of documents) {
    for (const length of handbookPassages) {
      const path = join(directory, `first-${count}-${length}`);
      const folder = new EstimateFolder({ path, task, texts: { kind, seed, nodeModules } });
      const { version: _version, ...config } = root;
      const instructions = passages({ kind, count: length, seed, nodeModules }).join('\n\n');
      const tasks = { [task]: handbookTask(instructions) };
      writeConfig(path, { ...config, tasks, simulator: { ...simulator, seed } });
      const file = folder.write('documents.jsonl', count);
      const said = await folder.estimate(file, null);
      await folder.run(file);
      const billed = billedOf(folder.invoice());
      const inputTokens = Math.round(billed.input / count);
      const figure = figureOf(said, billed);
      rows.push({ documents: count, inputTokens, invoiceUsd: billed.usd, primes: billed.primes, figure });
      onRow(`${count} documents of ${inputTokens} tokens: ${percent(figure.error)}`);
    }
  }
  return { seed, rows };
}

/** No batch is held back: whether one is, is luck, and a file has few. */
function handbookTask(handbook: string) {
  const classify = root.tasks?.classify;
  if (!classify) throw new Error('the configuration of the repository has no task "classify"');
  const instructions = [classify.instructions, handbook].join('\n\n');
  return { ...classify, instructions, cache: { mode: 'on' as const, holdBack: 0 } };
}

/** One line for each file, and the worst of them against what is aimed at. */
export function formatFirstEstimates({ seed, rows }: FirstEstimates): string {
  const table = formatTable(
    ['documents', 'tokens each', 'invoice $', 'primes', 'cache left out', 'said', 'inside', 'likely'],
    rows.map(({ documents, inputTokens, invoiceUsd, primes, figure }) => [
      formatCount(documents),
      formatCount(inputTokens),
      invoiceUsd.toFixed(6),
      String(primes),
      percent(figure.uncachedError),
      percent(figure.error),
      figure.isInside ? 'yes' : 'no',
      figure.isLikely ? 'yes' : 'no',
    ]),
  );
  const errors = rows.map(({ figure }) => Math.abs(figure.error));
  const count = (of: (figure: EstimateFigure) => boolean): number => rows.filter(({ figure }) => of(figure)).length;
  return [
    table,
    '',
    `seed ${seed}, without a key, nothing answered before; expected cost against the invoice, primes included`,
    `worst ${percent(Math.max(...errors))} (target ≤ 5.0 %), ${errors.filter(error => error <= 0.05).length} of ${rows.length} within it`,
    `between low and high: ${count(({ isInside }) => isInside)} of ${rows.length} (target: all); within the likely range: ${count(({ isLikely }) => isLikely)}`,
  ].join('\n');
}

const percent = (share: number): string => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
