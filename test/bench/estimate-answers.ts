import { buildRequest } from '#core/build-request.ts';
import { costOf, noUsage } from '#core/cost.ts';
import { answerKey, type Calibration, calibrate, type SeenAnswer } from '#core/estimate/calibration.ts';
import { featuresOf } from '#core/estimate/text-features.ts';
import { asIsRecipe, type Recipe, recipeHash } from '#core/recipe.ts';
import { countSample } from '#services/cli/estimate/count-sample.ts';
import { type EstimateReport, estimateReport } from '#services/cli/estimate/estimate-report.ts';
import { FileEstimate } from '#services/cli/estimate/file-estimate.ts';
import { SimulatorMachine } from '#services/simulator/machine/simulator-machine.ts';
import { createMemoryStore } from '#services/simulator/store/memory-store.ts';
import { answerTasks } from './answer-tasks.ts';
import { passages } from './estimate-texts.ts';
import { formatTable } from './format-table.ts';

/** What is said of a task that was never answered, as shares of what was billed then: 0.05 is five percent too much. */
export interface AnswerRow {
  task: string;
  guessedFrom: string;
  /** Tokens of an answer, as billed. */
  answerTokens: number;
  /** Of its tokens: a quarter of `max_tokens`, the guess by the calibration alone, and with a sample of requests counted. */
  quarterError: number;
  guessError: number;
  countedError: number;
  /** The same, when answers of this task were bought before with other instructions. */
  sameTaskError: number;
  /** Of the cost, with the sample counted, and with those answers. */
  costError: number;
  sameTaskCostError: number;
  isInside: boolean;
}

export interface AnswerEstimates {
  seed: number;
  documents: number;
  rows: AnswerRow[];
}

const model = 'claude-haiku-5-5';
const version = '2026-10-21';
const sampleMax = 100;
const answersBefore = 100;

interface Work {
  recipe: Recipe;
  texts: readonly string[];
  machine: SimulatorMachine;
  now: number;
}

/** Estimates tasks of which nothing is known but their configuration, as with a real key: nothing is tried, a sample is counted. */
export async function measureAnswerEstimates(options: {
  documents: number;
  seed: number;
  nodeModules: string;
}): Promise<AnswerEstimates> {
  const { documents, seed, nodeModules } = options;
  const machine = new SimulatorMachine({ store: createMemoryStore() });
  const of = { kind: 'readmes', nodeModules } as const;
  const texts = passages({ ...of, count: documents, seed });
  const before = passages({ ...of, count: answersBefore, seed: seed + 1 });
  const rows: AnswerRow[] = [];
  for (const [task, { schema, instructions, maxTokens }] of Object.entries(answerTasks)) {
    const recipe: Recipe = { ...asIsRecipe, task, model, maxTokens, instructions, outputSchema: schema };
    const asked = { ...recipe, instructions: `${instructions} Take your time.` };
    const shared = { machine, now: Date.now() };
    const known = calibrate(answersOf({ ...shared, recipe: asked, texts: before }));
    rows.push(await measureTask({ ...shared, recipe, texts }, known));
  }
  machine.close();
  return { seed, documents, rows };
}

async function measureTask(work: Work, known: Calibration): Promise<AnswerRow> {
  const { recipe, texts, now } = work;
  const bills = answersOf(work);
  const tokens = sumOf(bills, ({ outputTokens }) => outputTokens);
  const cost = sumOf(bills, ({ inputTokens: input, outputTokens: output }) => {
    return costOf(model, { ...noUsage, input, output }, now)?.billed ?? Number.NaN;
  });
  const guess = await estimated(work, {});
  const counted = await estimated(work, { isCounted: true });
  const sameTask = await estimated(work, { isCounted: true, known });
  const costs = [guess, counted, sameTask].map(({ sum }) => sum.cost ?? { low: 0, expected: 0, high: 0 });
  const errorOf = ({ sum }: EstimateReport): number => sum.output.expected / tokens - 1;
  return {
    task: recipe.task ?? '',
    guessedFrom: guess.output.documents.schema > 0 ? 'schema' : guess.output.documents.instructions > 0 ? 'words' : '',
    answerTokens: tokens / texts.length,
    quarterError: ((recipe.maxTokens ?? 0) / 4) * (texts.length / tokens) - 1,
    guessError: errorOf(guess),
    countedError: errorOf(counted),
    sameTaskError: errorOf(sameTask),
    costError: (costs[1]?.expected ?? 0) / cost - 1,
    sameTaskCostError: (costs[2]?.expected ?? 0) / cost - 1,
    isInside: costs.every(({ low, high }) => low <= cost && cost <= high),
  };
}

async function estimated(
  { recipe, texts, machine, now }: Work,
  { isCounted = false, known }: { isCounted?: boolean; known?: Calibration },
): Promise<EstimateReport> {
  const file = new FileEstimate(now, isCounted ? sampleMax : 0);
  const source = { recipe, itemsMax: 100, policy: { mode: 'off', holdBack: 0 } } as const;
  for (const [index, content] of texts.entries()) {
    const ask = { shape: 'content', content } as const;
    file.add({ customId: String(index), ask, metadata: undefined, task: recipe.task }, source);
  }
  const countTokens = async (body: string): Promise<number | null> => {
    const counted = machine.countTokens({ version, params: JSON.parse(body) });
    return counted.status === 'done' ? counted.value.input_tokens : null;
  };
  const sample = isCounted
    ? await countSample(file, { countTokens, tryAnswer: null, tryBatches: null, close: async () => {} })
    : null;
  return estimateReport(file, { sample, ...(known ? { calibration: known } : {}) });
}

/** Has them answered one by one: only tokens count here, and these are the same in batches. */
function answersOf({ recipe, texts, machine, now }: Work): SeenAnswer[] {
  const key = answerKey({ recipe: recipeHash(recipe), model, maxTokens: recipe.maxTokens ?? 0 });
  return texts.map((content, offset) => {
    const body = buildRequest({ shape: 'content', content }, recipe, { partition: 0, offset, att: 0 });
    const reply = machine.createMessage({ workspace: 'bench', now, version, params: JSON.parse(body) });
    if (reply.status !== 'done') throw new Error(`a call was refused: ${JSON.stringify(reply)}`);
    const { input_tokens: inputTokens, output_tokens: outputTokens } = reply.value.usage;
    const of = { model, key, task: recipe.task, features: featuresOf(body), bytes: Buffer.byteLength(body) };
    return { ...of, inputTokens, outputTokens, cache: null };
  });
}

const sumOf = <T>(all: readonly T[], of: (one: T) => number): number => all.reduce((sum, one) => sum + of(one), 0);

export function formatAnswerEstimates({ seed, documents, rows }: AnswerEstimates): string {
  const headings = ['task', 'from', 'tokens', 'max / 4', 'guess', 'counted', 'same task', 'cost', 'with it', 'inside'];
  const table = formatTable(
    headings,
    rows.map(row => [
      row.task,
      row.guessedFrom,
      row.answerTokens.toFixed(1),
      ...[row.quarterError, row.guessError, row.countedError, row.sameTaskError].map(percent),
      ...[row.costError, row.sameTaskCostError].map(percent),
      row.isInside ? 'yes' : 'NO',
    ]),
  );
  const typed = rows.filter(({ guessedFrom }) => guessedFrom === 'schema');
  const worst = (some: readonly AnswerRow[], of: (row: AnswerRow) => number): string =>
    percent(Math.max(...some.map(row => Math.abs(of(row)))));
  return [
    table,
    '',
    `seed ${seed}, ${documents} documents; tokens of answers, and cost, expected against billed, before anything of the task was answered`,
    `typed tasks, a sample of ${sampleMax} requests counted: worst ${worst(typed, row => row.countedError)} of tokens, ${worst(typed, row => row.costError)} of cost (target ≤ 5.0 %)`,
    `texts: worst ${worst(
      rows.filter(row => !typed.includes(row)),
      row => row.costError,
    )} of cost; nobody knows how long a text is before one was written, and a simulator's is its own invention`,
    `with ${answersBefore} answers of the same task to other instructions: worst ${worst(rows, row => row.sameTaskCostError)} of cost`,
  ].join('\n');
}

const percent = (share: number): string => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
