import type { SimulationArguments } from './parse-arguments.ts';
import { runPool } from './run-pool.ts';
import type { Setting } from './settings.ts';
import { formatViolating, specsOf } from './specs-of.ts';
import { addReport, createSummary, formatCounts, type Summary } from './summary.ts';

/** Calm workers and many documents: only the provider misbehaves, and in one way. */
const changes = {
  ambiguous: { plan: 'ambiguous', documents: 120, foreign: 0.1 },
  results: { plan: 'results', documents: 80 },
} as const satisfies Record<string, Partial<Setting>>;

/** The two figures of the scoreboard about one kind of fault alone: R10 and R11. */
export async function reportFigures(args: SimulationArguments): Promise<boolean> {
  const mode = args.mode === 'results' ? 'results' : 'ambiguous';
  const summary = createSummary();
  const specs = specsOf({ ...args, setting: args.setting ?? 'base' }, changes[mode]);
  await runPool({ specs, jobs: args.jobs, onReport: report => addReport(summary, report) });
  for (const report of summary.violating.slice(0, 10)) console.log(formatViolating(report));
  const figures = mode === 'ambiguous' ? ambiguousFigures(summary) : resultFigures(summary);
  for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${value}`);
  console.log(`faults and events: ${formatCounts(summary.fired)}`);
  if (args.isJson)
    console.log(JSON.stringify({ seeds: summary.runs, violations: summary.violating.length, ...figures }));
  const isWhole = mode === 'results' || figures['adopted of those that landed'] === '100 %';
  return summary.violating.length === 0 && isWhole;
}

function ambiguousFigures({ creates, fired, violations }: Summary): Record<string, number | string> {
  const landed = fired.get('unanswered create landed') ?? 0;
  const adopted = fired.get('unanswered create adopted') ?? 0;
  return {
    creates,
    unanswered: fired.get('create unanswered') ?? 0,
    refused: fired.get('create refused') ?? 0,
    'landed all the same': landed,
    'adopted of those that landed': `${landed === 0 ? 0 : Math.floor((10_000 * adopted) / landed) / 100} %`,
    'double purchases': violations.get('S3 one attempt executed twice') ?? 0,
  };
}

function resultFigures({ fired, violations }: Summary): Record<string, number | string> {
  const wrong = [...violations].filter(([name]) => name.startsWith('S2'));
  const silent = [...violations].filter(([name]) => name.startsWith('L1'));
  const count = (rows: [string, number][]): number => rows.reduce((sum, [, times]) => sum + times, 0);
  return {
    answers: fired.get('terminal succeeded') ?? 0,
    'wrong answers': count(wrong),
    'silent losses': count(silent),
    'lines lost for ever and said so': fired.get('lines settled as lost') ?? 0,
  };
}
