import { decodeJournal } from '#contracts/journal-codec.ts';
import { decodeSettled } from '#contracts/settled-codec.ts';
import { headerNames } from '#core/headers.ts';
import type { Money } from '#core/money.ts';
import { PrimeCosts } from '#core/prompt-cache/prime-costs.ts';
import { reduceJournal } from '#core/reduce-journal.ts';
import { reduceSettled } from '#core/reduce-settled.ts';
import { capKey, createView, type View } from '#core/view.ts';
import type { Log } from '#ports/log.ts';
import { readTopic } from '#runtime/read-topic.ts';
import { intakeGroup } from '#services/accumulator/intakes.ts';
import { readRunPosition } from '../run/run-position.ts';
import { runMoneyScope } from '../run/set-run-cap.ts';

export interface RunStatus {
  run: string;
  input: string | null;
  /** Lines appended; null when its position is gone. */
  lines: number | null;
  isComplete: boolean;
  succeeded: number;
  dead: number;
  cost: Money;
  /** Batches with answers whose price is unknown: they are in no sum. */
  unpriced: number;
  isCanceled: boolean;
  /** What it may spend in all; what does not fit waits for a higher one. Null: it has none. */
  cap: Money | null;
}

/** Answers so far, and what they cost. */
export type AnswerCount = Pick<RunStatus, 'succeeded' | 'dead' | 'cost' | 'unpriced'>;

export interface Survey {
  view: View;
  runs: RunStatus[];
  /** Of documents that belong to no run: published by somebody, not read from a file. */
  runless: AnswerCount;
  /** Documents that are in no batch yet. */
  unsealed: number;
}

/** What the log says about every run and every open batch: one pass over journal, settled and results. */
export async function surveyLog(log: Log): Promise<Survey> {
  const view = createView();
  const counts = new Map<string, AnswerCount>();
  const runless: AnswerCount = { succeeded: 0, dead: 0, cost: 0, unpriced: 0 };
  const of = (run: string): AnswerCount => {
    if (run === '') return runless;
    const known = counts.get(run) ?? { succeeded: 0, dead: 0, cost: 0, unpriced: 0 };
    counts.set(run, known);
    return known;
  };
  const settledBks = new Set<string>();
  for await (const { value } of readTopic(log, 'settled')) {
    const settled = decodeSettled(value);
    if ('kind' in settled || settledBks.has(settled.bk)) continue;
    settledBks.add(settled.bk);
    for (const [run, { cost }] of Object.entries(settled.runs)) {
      of(run).cost += cost;
      if (settled.cost === null) of(run).unpriced += 1;
    }
    reduceSettled(view, settled);
  }
  const primes = new PrimeCosts();
  for await (const { value, at } of readTopic(log, 'journal')) {
    const record = decodeJournal(value, at);
    if (record.kind === 'UNKNOWN') view.unknown ??= { what: record.what };
    else if (reduceJournal(view, record) === 'accepted') primes.add(record);
    if (record.kind === 'SEALED') for (const run of record.runs) of(run);
  }
  for await (const { headers } of readTopic(log, 'results')) {
    of(headers[headerNames.run] ?? '')[headers[headerNames.outcome] === 'succeeded' ? 'succeeded' : 'dead'] += 1;
  }
  for (const [run, count] of counts) count.cost += primes.of(run);
  runless.cost += primes.ofNobody(counts.keys());
  const unsealed = await countUnsealed(log, { view, of });
  const runs = await Promise.all([...counts].map(([run, count]) => statusOf(log, run, { count, view })));
  return { view, runs, runless, unsealed };
}

/** What was appended since the last seal: the only runs that no batch knows. */
async function countUnsealed(log: Log, { view, of }: { view: View; of: (run: string) => unknown }): Promise<number> {
  const marks = new Map<number, number>();
  for (let partition = 0; partition < log.partitions('documents'); partition++) {
    marks.set(partition, (await log.position(intakeGroup, 'documents', partition))?.offset ?? 0);
  }
  let unsealed = 0;
  for await (const { partition, offset, headers } of readTopic(log, 'documents', marks)) {
    if (view.claims.has({ partition, offset, att: 0 })) continue;
    unsealed += 1;
    const run = headers[headerNames.run];
    if (run !== undefined) of(run);
  }
  return unsealed;
}

async function statusOf(
  log: Log,
  run: string,
  { count, view }: { count: AnswerCount; view: View },
): Promise<RunStatus> {
  const position = await readRunPosition(log, run);
  return {
    run,
    input: position?.input ?? null,
    lines: position?.lines ?? null,
    isComplete: position?.isComplete ?? false,
    isCanceled: view.canceledRuns.has(run),
    cap: view.caps.get(capKey(runMoneyScope(run), 'total')) ?? null,
    ...count,
  };
}

/** `done`: every line is answered. `open` and `canceled`: batches, retries or lanes still hold some. */
export function stateOfRun({
  lines,
  isComplete,
  succeeded,
  dead,
  isCanceled,
}: RunStatus): 'done' | 'canceled' | 'open' {
  const isAnswered = isComplete && lines !== null && succeeded + dead >= lines;
  if (isAnswered) return 'done';
  return isCanceled ? 'canceled' : 'open';
}
