import { parseDocument } from '#contracts/parse-document.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { laneSourceOf } from '../cache/lane-source.ts';
import { FileEstimate } from '../estimate/file-estimate.ts';
import { readInput } from './read-input.ts';

/**
 * What a file asks for, at today's prices, without a network call.
 * @throws FlotillaError input-unreadable
 */
export async function estimateFile(options: {
  /** Path; `-` reads standard input. */
  input: string;
  task: string | null;
  loaded: LoadedConfig;
  /** Requests that are kept to be counted; default none. */
  sampleMax?: number;
}): Promise<FileEstimate> {
  const { input: path, task, loaded, sampleMax = 0 } = options;
  const sum = new FileEstimate(Date.now(), sampleMax);
  for await (const record of readInput({ path, task })) {
    const parsed = parseDocument(record, { tasks: loaded.tasks, hasAnthropic: true });
    if (parsed.is === 'reject') sum.reject();
    else sum.add(parsed.document, laneSourceOf(parsed.document, loaded));
  }
  return sum;
}
