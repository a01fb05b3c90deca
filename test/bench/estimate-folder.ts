import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unitsPerDollar } from '#core/money.ts';
import type { InvoiceRow } from '#services/simulator/machine/invoice.ts';
import { billOf } from '#test/support/bill-of.ts';
import { readInvoice } from '#test/support/read-invoice.ts';
import { passages, type TextKind } from './estimate-texts.ts';
import { flotillaEntry } from './flotilla-leg.ts';

/** What `flotilla estimate` said of a file, in dollars and tokens. */
export interface Said {
  low: number;
  expected: number;
  /** Expected, were there no cache. */
  uncached: number;
  high: number;
  likelyLow: number;
  likelyHigh: number;
  input: number;
  output: number;
}

/** What was bought for a file, primes included. */
export interface Billed {
  usd: number;
  input: number;
  output: number;
  primes: number;
}

/** What an estimate said, and how far that was from the invoice. */
export interface EstimateFigure {
  expectedUsd: number;
  /** Expected against the invoice: 0.05 is five percent too much. */
  error: number;
  /** The same without what was expected of the cache. */
  uncachedError: number;
  inputError: number;
  outputError: number;
  isInside: boolean;
  /** Within what it called likely, which it claims of nineteen in twenty. */
  isLikely: boolean;
}

export function figureOf(said: Said, billed: Billed): EstimateFigure {
  return {
    expectedUsd: said.expected,
    error: said.expected / billed.usd - 1,
    uncachedError: said.uncached / billed.usd - 1,
    inputError: said.input / billed.input - 1,
    outputError: said.output / billed.output - 1,
    isInside: said.low <= billed.usd && billed.usd <= said.high,
    isLikely: said.likelyLow <= billed.usd && billed.usd <= said.likelyHigh,
  };
}

/** A project in which files are written, estimated and run. */
export class EstimateFolder {
  readonly #path: string;
  readonly #task: string;
  readonly #texts: { kind: TextKind; seed: number; nodeModules: string };
  readonly #apiKey: string | null;

  /** @param options.apiKey null: everything is simulated in the process of the command */
  constructor(options: {
    path: string;
    task: string;
    texts: { kind: TextKind; seed: number; nodeModules: string };
    apiKey?: string;
  }) {
    const { path, task, texts, apiKey = null } = options;
    this.#path = path;
    this.#task = task;
    this.#texts = texts;
    this.#apiKey = apiKey;
    mkdirSync(path, { recursive: true });
  }

  /** A file of other texts for every length of its name. */
  write(name: string, count: number, task = this.#task): string {
    const { seed, ...texts } = this.#texts;
    const contents = passages({ ...texts, count, seed: seed + name.length });
    const lines = contents.map((content, index) => JSON.stringify({ custom_id: `${name}-${index}`, task, content }));
    writeFileSync(join(this.#path, name), `${lines.join('\n')}\n`);
    return name;
  }

  /** @param exact requests to be counted by the provider; null: as many as without the flag */
  async estimate(file: string, exact: number | null): Promise<Said> {
    const flags = exact === null ? [] : ['--exact', String(exact)];
    const said = JSON.parse(await this.#flotilla('estimate', file, '--json', ...flags)) as {
      batchUsd: Record<'low' | 'expected' | 'high', string>;
      individuallyUsd: { expected: string };
      likelyUsd: Record<'low' | 'high', string>;
      inputTokens: { expected: number };
      outputTokens: { expected: number };
    };
    return {
      low: Number(said.batchUsd.low),
      expected: Number(said.batchUsd.expected),
      uncached: Number(said.individuallyUsd.expected) / 2,
      high: Number(said.batchUsd.high),
      likelyLow: Number(said.likelyUsd.low),
      likelyHigh: Number(said.likelyUsd.high),
      input: said.inputTokens.expected,
      output: said.outputTokens.expected,
    };
  }

  async run(file: string): Promise<void> {
    const outputs = ['--out', `${file}.answers`, '--dead-letters', `${file}.dead`, '--allow-failures', '100%'];
    await this.#flotilla('run', file, ...outputs);
  }

  /** @param simulator folder of the simulator that answers; default that of the commands themselves */
  invoice(simulator = join(this.#path, '.flotilla', 'simulated')): InvoiceRow[] {
    return readInvoice(simulator);
  }

  async #flotilla(...args: string[]): Promise<string> {
    const { ANTHROPIC_API_KEY: _key, ANTHROPIC_API_KEY_FILE: _file, ...inherited } = process.env;
    const env = this.#apiKey === null ? inherited : { ...inherited, ANTHROPIC_API_KEY: this.#apiKey };
    const options = { cwd: this.#path, env, maxBuffer: 16 * 1024 * 1024 };
    return (await promisify(execFile)(process.execPath, [flotillaEntry, ...args], options)).stdout;
  }
}

/** @param rows of the invoice, as far as they are of one file */
export function billedOf(rows: readonly InvoiceRow[]): Billed {
  const items = rows.filter(({ batchId }) => batchId !== null);
  const sum = (some: readonly InvoiceRow[], of: (row: InvoiceRow) => number): number =>
    some.reduce((total, row) => total + of(row), 0);
  return {
    usd: billOf(rows) / unitsPerDollar,
    input: sum(items, row => row.inputTokens + row.cacheReadTokens + row.cacheWrite5mTokens + row.cacheWrite1hTokens),
    output: sum(items, row => row.outputTokens),
    primes: rows.length - items.length,
  };
}
