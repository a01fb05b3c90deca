import { documentHeaders } from '#client/document-record.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Command, CommandContext } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input/read-input.ts';
import { checkTask, loadSettings } from '../load-settings.ts';
import { openLogOfProducer, settingsOfProducer } from '../open-producer.ts';
import { type KeyFrom, type Published, publishFile } from '../produce/publish-file.ts';
import { runIdOf } from '../run/run-id.ts';
import { countOf, formatCount } from '../terminal/format-count.ts';

export interface ProduceOptions {
  /** `-` reads standard input. */
  file: string;
  task?: string;
  topic?: string;
  run?: string;
  keyFrom: KeyFrom;
  once?: boolean;
}

/** `flotilla produce`: publishes the lines of a file to a fleet, and waits for no answer. */
export const produce =
  (options: ProduceOptions): Command =>
  async context => {
    const { file, topic, run } = options;
    const settings = await settingsOfProducer(flags =>
      loadSettings(context, { 'kafka.documentsTopic': topic, ...flags }),
    );
    const task = checkTask(options.task, settings);
    const headers = documentHeaders({ ...(task === null ? {} : { task }), ...(run === undefined ? {} : { run }) });
    const onceAs = options.once ? `produce.${await contentOf(file, task)}` : null;
    const { log, clock } = await openLogOfProducer(settings);
    try {
      const records = readInput({ path: file, task: null });
      const { signal } = context.interrupts();
      const published = await publishFile({ log, clock, records, headers, keyFrom: options.keyFrom, onceAs, signal });
      return await conclude(published, { topic: log.documentsTopic, context });
    } finally {
      await log.close();
    }
  };

/** The same lines for the same task have the same keys, whatever the file is called. */
async function contentOf(file: string, task: string | null): Promise<string> {
  if (file !== '-') return runIdOf(file, task);
  const why = 'standard input is read only once, so its lines have no name that a second time would have too';
  throw new FlotillaError('invalid-usage', { where: '--once', why, fix: 'give a file' });
}

async function conclude(
  published: Published,
  { topic, context }: { topic: string; context: CommandContext },
): Promise<number> {
  const { refused, refusedLines, isInterrupted } = published;
  const { out, say } = context;
  const documents = countOf(published.published, 'document');
  if (context.isJson) await out(`${JSON.stringify({ topic, ...published })}\n`);
  else {
    const partitions = countOf(Object.keys(published.partitions).length, 'partition');
    await out(`published ${documents} to ${topic}, ${partitions}\n`);
    for (const { line, code } of refusedLines) say(`  line ${formatCount(line)} was not published: ${code}\n`);
    if (refused > refusedLines.length) say(`  and ${formatCount(refused - refusedLines.length)} more\n`);
    if (isInterrupted)
      say('interrupted: what was published is answered; with --once the same command sends the rest\n');
  }
  if (isInterrupted) return context.interrupts().exitCode() ?? exitCodes.interrupted;
  return refused > 0 ? exitCodes.someFailed : exitCodes.done;
}
