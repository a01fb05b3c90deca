import { open } from 'node:fs/promises';
import { rejectHeader } from '#contracts/intake-reject.ts';
import { headerNames } from '#core/headers.ts';
import { documentBytesMax } from '#core/limits.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log, NewRecord } from '#ports/log.ts';
import { fileFault } from '../input/file-fault.ts';
import { resolveReference } from './resolve-reference.ts';
import { type RunPosition, readRunPosition, runPositionRecord, startOfRun } from './run-position.ts';
import { type InputLine, splitInput } from './split-input.ts';

export interface IntakeOptions {
  log: Log;
  run: string;
  /** Path of the input. */
  input: string;
  task: string | null;
  signal: AbortSignal;
  onProgress: (position: RunPosition) => void;
}

const recordsPerAppend = 1_000;

/**
 * Reads a file into the documents topic. Every append also moves the run's position, in one step: a kill between any two
 * lines loses none and repeats none. Goes on where an earlier process stopped.
 * @throws FlotillaError input-unreadable | log-unavailable | disk-full
 */
export async function readIntoLog(options: IntakeOptions): Promise<RunPosition> {
  const { log, run, input, task, signal } = options;
  const headers = { [headerNames.run]: run, ...(task === null ? {} : { [headerNames.task]: task }) };
  let position = (await readRunPosition(log, run)) ?? startOfRun(input, task);
  if (position.isComplete) return position;
  const file = await openInput(input);
  try {
    const read = async (at: number, buffer: Buffer): Promise<number> =>
      (await file.read(buffer, 0, buffer.length, at)).bytesRead;
    for await (const lines of splitInput(read, position.bytes)) {
      for (let start = 0; start < lines.length; start += recordsPerAppend) {
        if (signal.aborted) return position;
        const part = lines.slice(start, start + recordsPerAppend);
        const records: NewRecord[] = [];
        for (const [index, line] of part.entries()) {
          records.push(await recordOf(line, { headers, input, number: position.lines + index + 1 }));
        }
        const last = part.at(-1) as InputLine;
        const next = { ...position, lines: position.lines + part.length, bytes: last.nextAt };
        await log.append({ topic: 'documents', partition: 0, records, positions: [runPositionRecord(run, next)] });
        position = next;
        options.onProgress(position);
      }
    }
    position = { ...position, isComplete: true };
    await log.commitPosition(runPositionRecord(run, position));
    options.onProgress(position);
    return position;
  } finally {
    await file.close();
  }
}

async function openInput(path: string): ReturnType<typeof open> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new FlotillaError('input-unreadable', { where: path, why: fileFault(cause), cause });
  }
}

const referenceMark = Buffer.from('"ref"');

async function recordOf(
  line: InputLine,
  { headers, input, number }: { headers: Record<string, string>; input: string; number: number },
): Promise<NewRecord> {
  const own = { ...headers, [headerNames.line]: String(number) };
  if (line.length > documentBytesMax) {
    const original = `${input}#bytes=${line.at}-${line.at + line.length - 1}`;
    const refusal = { [rejectHeader]: 'document-too-large', [headerNames.original]: original };
    return { key: null, value: line.bytes, headers: { ...own, ...refusal } };
  }
  if (!line.bytes.includes(referenceMark)) return { key: null, value: line.bytes, headers: own };
  const resolved = await resolveReference(line.bytes, input);
  return { key: null, value: resolved.value, headers: { ...own, ...resolved.headers } };
}
