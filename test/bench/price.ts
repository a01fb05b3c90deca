import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigInput } from '#contracts/config.ts';
import { parseDocument } from '#contracts/parse-document.ts';
import { buildRequest } from '#core/build-request.ts';
import { formatDollars, type Money, unitsPerDollar } from '#core/money.ts';
import type { Recipe } from '#core/recipe.ts';
import { loadConfig } from '#runtime/config/load-config.ts';
import type { InvoiceRow } from '#services/simulator/machine/invoice.ts';
import { SimulatorMachine } from '#services/simulator/machine/simulator-machine.ts';
import { createMemoryStore } from '#services/simulator/store/memory-store.ts';
import { packageTexts } from '#test/examples/package-texts.ts';
import { billOf } from '#test/support/bill-of.ts';
import { readInvoice } from '#test/support/read-invoice.ts';
import { readJsonLines } from '#test/support/read-json-lines.ts';
import { runFlotilla } from '#test/support/spawn-flotilla.ts';
import { writeConfig } from '#test/support/write-config.ts';
import rootConfig from '../../flotilla.config.ts';
import { formatTable } from './format-table.ts';

export type PriceLeg = 'single calls' | 'batches' | 'batches and the planner';

/** What the invoice of one leg comes to. */
export interface PriceRow {
  task: string;
  leg: PriceLeg;
  cost: Money;
  /** Executed items and synchronous calls, primes included. */
  purchases: number;
  answered: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
}

export interface PriceReport {
  documents: number;
  /** Tokens of the instructions and schema that all documents of a task share, as the simulator counts them. */
  prefixTokens: Readonly<Record<string, number>>;
  rows: PriceRow[];
}

interface Work {
  directory: string;
  task: string;
  documents: number;
  config: Omit<ConfigInput, 'version'>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const { version: _, ...shared } = rootConfig;
/** Texts of this repository: long, real, and the same for everybody who has it. */
const handbookFiles = ['ARCHITECTURE.md', 'infra/protocol.md'];
const inputName = 'documents.jsonl';
const workspace = 'bench';
const apiVersion = '2026-10-21';

/**
 * The documents of `npm start`, without their poison and faults, three times each: as single calls, as batches, and as
 * batches with the planner; once with its task as it is, and once with a handbook in front. Judged by the invoice.
 */
export async function measurePrice(options: {
  documents: number;
  directory: string;
  onRun: (line: string) => void;
}): Promise<PriceReport> {
  const { documents, directory, onRun } = options;
  const configured = shared.tasks?.classify;
  if (!configured) throw new Error('the configuration of this repository has no task classify');
  const handbook = handbookFiles.map(name => readFileSync(join(root, name), 'utf8')).join('\n\n');
  const tasks = {
    classify: configured,
    'classify-by-handbook': { ...configured, instructions: `${handbook}\n\n${configured.instructions ?? ''}` },
  };
  const report: PriceReport = { documents, prefixTokens: {}, rows: [] };
  const prefixTokens: Record<string, number> = {};
  for (const task of Object.keys(tasks)) {
    const work = { directory: join(directory, task), task, documents, config: { tasks } };
    mkdirSync(work.directory);
    writeDocuments(work);
    prefixTokens[task] = await countPrefix(work);
    for (const leg of ['single calls', 'batches', 'batches and the planner'] as const) {
      const row = leg === 'single calls' ? await callOneByOne(work) : await runBatches(work, leg);
      onRun(`${task}, ${leg}: ${formatDollars(row.cost)}`);
      report.rows.push(row);
    }
  }
  return { ...report, prefixTokens };
}

function writeDocuments({ directory, documents }: Work): void {
  const texts = packageTexts(join(root, 'node_modules'), documents);
  if (texts.length < documents) throw new Error(`node_modules has ${texts.length} texts`);
  const lines = texts.map(({ name, text }) => JSON.stringify({ custom_id: name, content: text }));
  writeFileSync(join(directory, inputName), `${lines.join('\n')}\n`);
}

async function recipeOf({ directory, config, task }: Work): Promise<Recipe> {
  writeConfig(directory, config);
  const { tasks } = await loadConfig({ directory, flags: {}, env: {} });
  const recipe = tasks.get(task)?.recipe;
  if (!recipe) throw new Error(`no task ${task}`);
  return recipe;
}

/** The very requests that the batches carry. */
async function requestsOf(work: Work): Promise<unknown[]> {
  const recipe = await recipeOf(work);
  const context = { tasks: new Set([work.task]), hasAnthropic: true };
  const lines = readFileSync(join(work.directory, inputName), 'utf8').trimEnd().split('\n');
  return lines.map((line, offset) => {
    const record = { value: Buffer.from(line), headers: { 'flotilla-task': work.task } };
    const parsed = parseDocument(record, context);
    if (parsed.is === 'reject') throw new Error(`line ${offset + 1} is no document: ${parsed.reject.why}`);
    return JSON.parse(buildRequest(parsed.document.ask, recipe, { partition: 0, offset, att: 0 }));
  });
}

async function countPrefix(work: Work): Promise<number> {
  const [request] = (await requestsOf(work)) as Record<string, unknown>[];
  const params = { ...request, messages: [{ role: 'user', content: '.' }] };
  const counted = new SimulatorMachine({ store: createMemoryStore() }).countTokens({ version: apiVersion, params });
  return counted.status === 'done' ? counted.value.input_tokens : Number.NaN;
}

async function callOneByOne(work: Work): Promise<PriceRow> {
  const store = createMemoryStore();
  const machine = new SimulatorMachine({ store });
  for (const params of await requestsOf(work)) {
    const reply = machine.createMessage({ workspace, now: Date.now(), version: apiVersion, params });
    if (reply.status !== 'done') throw new Error(`a call was refused: ${JSON.stringify(reply)}`);
  }
  const invoice = machine.invoicePage({ now: Date.now(), limit: work.documents + 1 }).rows;
  return rowOf({ work, leg: 'single calls', invoice, answered: invoice.length });
}

async function runBatches(work: Work, leg: 'batches' | 'batches and the planner'): Promise<PriceRow> {
  const isPlanned = leg === 'batches and the planner';
  const cache = { mode: isPlanned ? 'on' : 'off' } as const;
  const directory = join(work.directory, isPlanned ? 'planned' : 'plain');
  mkdirSync(directory);
  writeConfig(directory, { ...work.config, cache });
  const args = ['run', join(work.directory, inputName), '--task', work.task, '--json'];
  const { code, stderr } = await runFlotilla({ cwd: directory, args });
  if (code !== 0) throw new Error(`${leg} of ${work.task} ended with ${code}: ${stderr}`);
  const answers = readJsonLines<{ outcome: string }>(join(directory, 'answers.jsonl'));
  const answered = answers.filter(({ outcome }) => outcome === 'succeeded').length;
  return rowOf({ work, leg, invoice: readInvoice(join(directory, '.flotilla', 'simulated')), answered });
}

function rowOf({
  work,
  leg,
  invoice,
  answered,
}: {
  work: Work;
  leg: PriceLeg;
  invoice: readonly InvoiceRow[];
  answered: number;
}): PriceRow {
  if (answered !== work.documents) throw new Error(`${leg} of ${work.task}: ${answered} of ${work.documents} answered`);
  const sum = (of: (row: InvoiceRow) => number): number => invoice.reduce((total, row) => total + of(row), 0);
  return {
    task: work.task,
    leg,
    cost: billOf(invoice),
    purchases: invoice.length,
    answered,
    cacheReadTokens: sum(row => row.cacheReadTokens),
    cacheWriteTokens: sum(row => row.cacheWrite5mTokens + row.cacheWrite1hTokens),
  };
}

/** As it stands in the README. */
export function formatPrice({ documents, prefixTokens, rows }: PriceReport): string {
  const tables = Object.entries(prefixTokens).map(([task, tokens]) => {
    const ofTask = rows.filter(row => row.task === task);
    const single = ofTask[0]?.cost ?? 0;
    const title = `${documents} documents, task ${task}: every request begins with the same ${tokens} tokens`;
    const headings = ['', 'invoice', 'saved', 'purchases', 'read from cache', 'written to cache'];
    return `${title}\n\n${formatTable(
      headings,
      ofTask.map(row => cellsOf(row, single)),
    )}`;
  });
  return tables.join('\n\n');
}

function cellsOf(row: PriceRow, single: number): string[] {
  const { leg, cost, purchases, cacheReadTokens, cacheWriteTokens } = row;
  const saved = `${(100 * (1 - cost / single)).toFixed(1)} %`;
  const figures = [purchases, cacheReadTokens, cacheWriteTokens].map(value => value.toLocaleString('en-US'));
  return [leg, `$ ${(cost / unitsPerDollar).toFixed(6)}`, saved, ...figures];
}
