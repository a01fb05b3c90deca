import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { writeConfig } from '#test/support/write-config.ts';

/**
 * Batches end after 1 to 3 s. At this scale `T_settle` is at its floor of 10 s, so that a create that never landed is
 * proven absent within a test.
 */
const simulator = { timeScale: 100, latencyMinMs: 100_000, latencyMaxMs: 300_000 };

/** What a network and a provider do to creates, lists, items and results. */
const faults = {
  'create-accept-then-drop': 0.03,
  'create-accept-then-502': 0.02,
  'create-accept-late': { probability: 0.03, delayMs: 200_000 },
  'create-drop-before': 0.02,
  'create-refuse-529': 0.02,
  'create-refuse-500': 0.01,
  'list-503': 0.02,
  'batch-foreign': 0.05,
  'item-transient': 0.005,
  'item-invalid-output': 0.001,
  'results-short-read': 0.03,
  'results-drop-lines': 0.03,
  'results-cut-mid-line': 0.03,
  'results-reset': 0.03,
  'results-malformed-line': 0.02,
  'results-duplicate-line': 0.03,
  'results-unknown-id': 0.03,
  'results-swap-ids': 0.02,
  'results-503': 0.02,
};

const task = {
  model: 'claude-haiku-5-5',
  instructions: 'Do what the document says.',
  maxTokens: 100,
  output: {
    type: 'object',
    properties: { code: { type: 'string' } },
    required: ['code'],
    additionalProperties: false,
  },
};

/** The task of every document of a chaos run. */
export const chaosTask = 'copy';

/** Where the state of a chaos project lies. */
export const stateOf = (folder: string): string => join(folder, '.flotilla', 'simulated');

/** Makes a folder a project whose answers are simulated; the provider's faults are drawn from `seed`, or it has none. */
export const writeChaosProject = (folder: string, { seed }: { seed: number | null }): void =>
  writeConfig(folder, {
    tasks: { [chaosTask]: task },
    simulator: seed === null ? simulator : { ...simulator, faults, seed },
  });

/** Documents that each want a code of their own back: an answer shows by itself whose it is. */
export async function writeDocuments(path: string, options: { count: number; series: string }): Promise<void> {
  const { count, series } = options;
  function* lines(): Generator<string> {
    for (let number = 0; number < count; number++) {
      const code = `${series}-${number}`;
      yield `${JSON.stringify({ custom_id: code, content: `Copy the code ${code} into the field code.` })}\n`;
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(path));
}

/** The code a document's answer must carry: its own name. */
export const codeOfLine = (line: string): string | null => /"custom_id":"([^"]+)"/.exec(line)?.[1] ?? null;
