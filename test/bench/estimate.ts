import { join } from 'node:path';
import { writeConfig } from '#test/support/write-config.ts';
import root from '../../flotilla.config.ts';
import { billedOf, type EstimateFigure, EstimateFolder, figureOf } from './estimate-folder.ts';
import { type TextKind, textKinds } from './estimate-texts.ts';
import { formatCount, formatTable } from './format-table.ts';

export interface EstimateRow {
  kind: TextKind;
  task: Task;
  documents: number;
  /** Everything that was bought for them. */
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

type Task = 'classify' | 'summarise';

const cases: readonly { kind: TextKind; task: Task }[] = [
  ...textKinds.map(kind => ({ kind, task: 'classify' as const })),
  { kind: 'readmes', task: 'summarise' },
];

const simulator = { timeScale: 1_000, latencyMinMs: 0, latencyMaxMs: 300_000 };

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
  const path = join(directory, `${kind}-${task}`);
  const folder = new EstimateFolder({ path, task, texts: { kind, seed, nodeModules } });
  const { version: _version, ...config } = root;
  writeConfig(path, { ...config, simulator });
  const file = folder.write('documents.jsonl', documents);
  const cold = [await folder.estimate(file, 0), await folder.estimate(file, null)];
  await folder.run(folder.write('first-100.jsonl', 100));
  const after100 = await folder.estimate(file, 0);
  await folder.run(folder.write('the-next-900.jsonl', 900));
  const after1000 = await folder.estimate(file, 0);
  const before = folder.invoice().length;
  await folder.run(file);
  const billed = billedOf(folder.invoice().slice(before));
  const [calibrated, sampled] = cold.map(said => figureOf(said, billed)) as [EstimateFigure, EstimateFigure];
  return {
    kind,
    task,
    documents,
    invoiceUsd: billed.usd,
    calibrated,
    sampled,
    after100: figureOf(after100, billed),
    after1000: figureOf(after1000, billed),
  };
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
  const learned = rows.flatMap(row => [row.sampled, row.after100, row.after1000]);
  const likely = learned.filter(({ isLikely }) => isLikely).length;
  return [
    table,
    '',
    `seed ${seed}; expected cost against the simulator's invoice of the same file`,
    `worst after 1,000 answers: ${worst(row => row.after1000)} (target ≤ 1.0 %)`,
    `worst cold, 100 requests counted and tried: ${worst(row => row.sampled)} (target ≤ 5.0 %); by the calibration alone: ${worst(row => row.calibrated)}`,
    `between low and high: ${inside} of ${rows.length * 4} (target: all)`,
    `where something was counted or learned, within the likely range: ${likely} of ${learned.length}`,
    'behind a prefix that is cached: bench -- estimate-cached; tasks that were never answered, with a key: bench -- estimate-answers',
  ].join('\n');
}

const figuresOf = ({ calibrated, sampled, after100, after1000 }: EstimateRow): EstimateFigure[] => [
  calibrated,
  sampled,
  after100,
  after1000,
];

const percent = (share: number): string => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
