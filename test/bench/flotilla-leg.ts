import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Leg } from './leg.ts';
import { createsAtATime, documentsPerBatch } from './read-batches.ts';

/** The command line without its launcher, so that the preload measures the process that does the work. */
export const flotillaEntry = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url));

/** `flotilla run FILE`, durable as it ships: only what both sides must share is configured. */
export const flotillaLeg: Leg = {
  name: 'flotilla',
  entry: flotillaEntry,
  async prepare({ documentsFile, answersFile, directory }) {
    const configFile = join(directory, 'flotilla.config.ts');
    await writeFile(configFile, configText());
    const deadLettersFile = join(directory, 'dead-letters.jsonl');
    return ['run', documentsFile, '--out', answersFile, '--dead-letters', deadLettersFile, '--config', configFile];
  },
};

/** Batches of 100 and 4 creates at a time, as in the loops; key and base URL come from the environment, as there. */
function configText(): string {
  const settings = {
    version: 1,
    lane: { items: documentsPerBatch },
    providers: { anthropic: { createsAtOnce: createsAtATime } },
  };
  return `export default ${JSON.stringify(settings, null, 2)};\n`;
}
