import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ConfigInput } from '#contracts/config.ts';
import { runIdOf } from '#services/cli/run/run-id.ts';
import type { InvoiceRow } from '#services/simulator/machine/invoice.ts';
import { auditRun, type RunAudit } from './audit-run.ts';
import { readInvoice } from './read-invoice.ts';
import { readJsonLines } from './read-json-lines.ts';
import { type Ended, runFlotilla, type SpawnFlotillaOptions, spawnFlotilla } from './spawn-flotilla.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';
import { writeConfig } from './write-config.ts';

/** A line of `--out`. */
export interface Answer {
  custom_id: string | null;
  rid: string;
  outcome: string;
  output?: { code?: string };
  cause?: string;
  attempts: number;
  metadata?: unknown;
}

/** A line of `--dead-letters`. */
export interface DeadLetter {
  custom_id: string | null;
  rid: string;
  cause: string;
  class: string;
  what: string;
  where: string | null;
  why: string;
  fix: string;
  attempts: number;
  line: number;
  original: string | null;
  original_encoding?: string;
  original_at?: string;
}

/** A folder with a configuration, and the command in it. */
export interface Project {
  folder: string;
  path(name: string): string;
  /** Writes `documents.jsonl`. */
  writeDocuments(lines: readonly (string | Buffer | object)[]): void;
  /** `flotilla run documents.jsonl --task copy` with further arguments, to its end. */
  run(...args: string[]): Promise<Ended>;
  flotilla(args: readonly string[], options?: Partial<SpawnFlotillaOptions>): Promise<Ended>;
  /** Starts one and does not wait for it. */
  start(args: readonly string[]): ReturnType<typeof spawnFlotilla>;
  answers(name?: string): Answer[];
  deadLetters(name?: string): DeadLetter[];
  invoice(): InvoiceRow[];
  /** Of `documents.jsonl` as the task `copy`: every succeeded answer must carry the code of its document. */
  audit(): Promise<RunAudit>;
}

/** Wants one code back, so that an answer shows by itself whose it is. Small lanes make many batches. */
export const copyTask = {
  lane: { items: 50 },
  model: 'claude-haiku-5-5',
  instructions: 'Do what the document says.',
  maxTokens: 100,
  output: { type: 'object', properties: { code: { type: 'string' } }, required: ['code'], additionalProperties: false },
};

/** A native document that wants its own name back. */
export const copyDocument = (code: string): { custom_id: string; content: string } => ({
  custom_id: code,
  content: `Copy the code ${code} into the field code.`,
});

/** Makes a project that is gone when the test ends. Its simulated provider ends batches within 300 ms. */
export function makeProject(test: TestContext, config: Partial<ConfigInput> = {}): Project {
  const { path: folder, remove } = makeTemporaryFolder('project');
  test.after(remove);
  const { simulator, tasks, ...rest } = config;
  const fast = { timeScale: 1_000, latencyMinMs: 0, latencyMaxMs: 300_000 };
  writeConfig(folder, { tasks: { copy: copyTask, ...tasks }, simulator: { ...fast, ...simulator }, ...rest });
  const path = (name: string): string => join(folder, name);
  const input = path('documents.jsonl');
  const state = join(folder, '.flotilla', 'simulated');
  const flotilla: Project['flotilla'] = (args, options = {}) => runFlotilla({ cwd: folder, ...options, args });
  return {
    folder,
    path,
    writeDocuments: lines => writeFileSync(input, Buffer.concat(lines.map(toLine))),
    run: (...args) => flotilla(['run', input, '--task', 'copy', ...args]),
    flotilla,
    start: args => spawnFlotilla({ cwd: folder, args }),
    answers: (name = 'answers.jsonl') => readJsonLines<Answer>(path(name)),
    deadLetters: (name = 'dead.jsonl') => readJsonLines<DeadLetter>(path(name)),
    invoice: () => readInvoice(state),
    audit: async () =>
      auditRun({
        directory: state,
        run: await runIdOf(input, 'copy'),
        input,
        out: path('answers.jsonl'),
        codeOf: codeOfDocument,
      }),
  };
}

function toLine(line: string | Buffer | object): Buffer {
  const bytes = Buffer.isBuffer(line) ? line : Buffer.from(typeof line === 'string' ? line : JSON.stringify(line));
  return Buffer.concat([bytes, Buffer.from('\n')]);
}

const codeOfDocument = (line: string): string | null => /Copy the code (\S+) into/.exec(line)?.[1] ?? null;

/** The text of a file, or the empty text when there is none. */
export const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
