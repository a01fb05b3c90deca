import type { Log, Position } from '#ports/log.ts';
import { runGroup } from '#services/accumulator/ended-runs.ts';

/** How far a run's input has been read into the log; committed in the same step as the documents. */
export interface RunPosition {
  /** Lines appended. */
  lines: number;
  /** Where in the file reading goes on. */
  bytes: number;
  /** True once the input has been read to its end: lanes need not wait for more. */
  isComplete: boolean;
  /** Offset of the run's first document or beyond what stood before it: its answers lie after it. */
  input: string;
  task: string | null;
}

export const startOfRun = (input: string, task: string | null): RunPosition => ({
  lines: 0,
  bytes: 0,
  isComplete: false,
  input,
  task,
});

export async function readRunPosition(log: Log, run: string): Promise<RunPosition | null> {
  const position = await log.position(runGroup(run), 'documents', 0);
  return position?.metadata ? (JSON.parse(position.metadata) as RunPosition) : null;
}

export const runPositionRecord = (run: string, position: RunPosition): Position => ({
  group: runGroup(run),
  topic: 'documents',
  partition: 0,
  offset: position.lines,
  metadata: JSON.stringify(position),
});
