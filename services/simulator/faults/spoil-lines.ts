import { drawUnit } from '../machine/seeded-random.ts';
import type { FaultInjector } from './fault-injector.ts';

/** What a reader of results meets, line by line. Text has no line break; `isWhole` is false where the stream was cut. */
export type ReadStep = { type: 'line'; text: string; isWhole: boolean } | { type: 'reset' };

export interface SpoilOptions {
  faults: FaultInjector;
  batchId: string;
  lineCount: number;
  seed: number;
  /** Which read of this simulator it is: positions are drawn anew for each. */
  readNumber: number;
  /** A custom_id of another batch of the workspace; null when there is none. */
  otherId: string | null;
}

/** Null when nothing spoils this read: the lines may then be sent as they are stored. */
export type LineSpoiler = (lines: Iterable<string>) => Iterable<ReadStep>;

/** Draws the fault of one read of a batch's results. At most one kind spoils a read. */
export function drawLineSpoiler(options: SpoilOptions): LineSpoiler | null {
  const { faults, batchId, lineCount, seed, readNumber } = options;
  if (lineCount === 0) return null;
  const at = Math.floor(drawUnit(seed, 'line', batchId, readNumber) * lineCount);
  if (faults.firesOnRead('results-short-read', batchId)) return lines => cut(lines, at, 'at-line');
  if (faults.firesOnRead('results-cut-mid-line', batchId)) return lines => cut(lines, at, 'mid-line');
  if (faults.firesOnRead('results-reset', batchId)) return lines => cut(lines, at, 'reset');
  const dropped = faults.firesOnRead('results-drop-lines', batchId);
  if (dropped) return lines => edit(lines, (text, index) => (isDropped(index - at, dropped.lines ?? 1) ? [] : [text]));
  const one = oneLineEdit(options);
  return one ? lines => edit(lines, (text, index) => (index === at ? one(text) : [text])) : swapWithin(options, at);
}

/** Edits which concern one line only. */
function oneLineEdit({ faults, batchId, otherId }: SpoilOptions): ((text: string) => string[]) | null {
  if (faults.firesOnRead('results-malformed-line', batchId)) return text => [`${text.slice(0, -3)}\\`];
  if (faults.firesOnRead('results-duplicate-line', batchId)) return text => [text, text];
  if (faults.firesOnRead('results-unknown-id', batchId)) return text => [text, withId(text, 'nobody-sent-this')];
  if (faults.firesOnRead('results-swap-ids', batchId)) return text => [withId(text, otherId ?? 'of-another-batch')];
  return null;
}

function swapWithin({ faults, batchId, lineCount }: SpoilOptions, at: number): LineSpoiler | null {
  if (lineCount < 2 || !faults.firesOnRead('results-swap-within', batchId)) return null;
  const first = Math.min(at, lineCount - 2);
  return function* (lines) {
    let held: string | null = null;
    let index = 0;
    for (const text of lines) {
      if (index === first) held = text;
      else if (index === first + 1 && held !== null) {
        yield whole(withId(held, idOf(text)));
        yield whole(withId(text, idOf(held)));
      } else yield whole(text);
      index += 1;
    }
  };
}

function* cut(lines: Iterable<string>, at: number, where: 'at-line' | 'mid-line' | 'reset'): Generator<ReadStep> {
  let index = 0;
  for (const text of lines) {
    if (index === at) {
      if (where !== 'at-line') yield { type: 'line', text: text.slice(0, text.length >> 1), isWhole: false };
      if (where === 'reset') yield { type: 'reset' };
      return;
    }
    yield whole(text);
    index += 1;
  }
}

function* edit(lines: Iterable<string>, change: (text: string, index: number) => string[]): Generator<ReadStep> {
  let index = 0;
  for (const text of lines) {
    for (const changed of change(text, index)) yield whole(changed);
    index += 1;
  }
}

function whole(text: string): ReadStep {
  return { type: 'line', text, isWhole: true };
}

const isDropped = (distance: number, count: number): boolean => distance >= 0 && distance < count;

const idPattern = /^\{"custom_id":"([^"]*)"/;

/** Custom ids have no character that JSON escapes, and every line begins with its id. */
export function idOf(line: string): string {
  return idPattern.exec(line)?.[1] ?? '';
}

function withId(line: string, customId: string): string {
  return line.replace(idPattern, () => `{"custom_id":"${customId}"`);
}
