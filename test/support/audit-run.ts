import { readFileSync } from 'node:fs';
import { openSqliteLog } from '#adapters/sqlite/open-sqlite-log.ts';
import { parseCustomId } from '#core/custom-id.ts';
import { headerNames } from '#core/headers.ts';
import { formatRid } from '#core/rid.ts';
import { readInvoice } from './read-invoice.ts';
import { readJsonLines } from './read-json-lines.ts';
import { readTopic } from './read-topic.ts';

export interface AuditRunOptions {
  /** The folder with `log.db` and `simulator.db`; nothing else may be running on it. */
  directory: string;
  run: string;
  input: string;
  out: string;
  /** The code that the answer of a line must carry; null: it is not looked at. */
  codeOf?: (line: string) => string | null;
}

/** What a run's files, log and bill say, counted without any code of the run itself. */
export interface RunAudit {
  documents: number;
  answered: number;
  deadLettered: number;
  /** Lines of the input without an answer in the log, or without one in the file. */
  lost: number;
  /** Second answers, in the log or in the file. */
  duplicated: number;
  /** Answers that belong to another document. */
  wrong: number;
  /** Executions beyond the first of one attempt, and of attempts after the one that was answered. */
  boughtTwice: number;
  /** Executions that no document explains. */
  unaccounted: number;
  /** What is wrong, the first few. */
  examples: string[];
}

const examplesMax = 10;

interface Answer {
  custom_id: string | null;
  rid: string;
  outcome: string;
  output?: { code?: unknown };
}

/**
 * Counts, from the input, the log, the written file and the simulator's invoice, whether every document has exactly one
 * answer and was bought once. A second opinion beside `flotilla audit`: it shares only the codec of our item names.
 */
export async function auditRun(options: AuditRunOptions): Promise<RunAudit> {
  const { directory, run, input, out, codeOf = () => null } = options;
  const faults: Record<CountedFault, number> = { lost: 0, duplicated: 0, wrong: 0, boughtTwice: 0, unaccounted: 0 };
  const examples: string[] = [];
  const note: Note = (figure, example) => {
    faults[figure] += 1;
    if (examples.length < examplesMax) examples.push(`${figure}: ${example}`);
  };
  const lines = readLines(input);
  const { ridOfLine, answers } = await readRecords(directory, { run, note });
  for (const index of lines.keys()) {
    const rid = ridOfLine.get(index + 1);
    if (rid === undefined) note('lost', `line ${index + 1} is not in the log`);
    else if (!answers.has(rid)) note('lost', `line ${index + 1} (${rid}) has no answer in the log`);
  }
  for (const [number, rid] of ridOfLine) {
    if (number > lines.length) note('unaccounted', `${rid} says it is line ${number} of ${lines.length}`);
  }
  const lineOfRid = new Map([...ridOfLine].map(([number, rid]) => [rid, lines[number - 1] ?? ''] as const));
  checkFile(readJsonLines<Answer>(out), { answers, lineOfRid, codeOf, note });
  checkInvoice(directory, { lineOfRid, answers, note });
  const answered = [...answers.values()].filter(({ outcome }) => outcome === 'succeeded').length;
  return { documents: lines.length, answered, deadLettered: answers.size - answered, ...faults, examples };
}

type CountedFault = 'lost' | 'duplicated' | 'wrong' | 'boughtTwice' | 'unaccounted';
type Note = (figure: CountedFault, example: string) => void;

interface RecordedAnswer {
  text: string;
  att: number;
  outcome: string | undefined;
}

/** True when nothing is lost, doubled, wrong or unexplained. */
export const isClean = (audit: RunAudit): boolean =>
  audit.lost + audit.duplicated + audit.wrong + audit.boughtTwice + audit.unaccounted === 0;

/** What the log holds of the run: its documents by their line, its answers by their rid. */
async function readRecords(
  directory: string,
  { run, note }: { run: string; note: Note },
): Promise<{ ridOfLine: ReadonlyMap<number, string>; answers: ReadonlyMap<string, RecordedAnswer> }> {
  const log = openSqliteLog({ directory });
  const ridOfLine = new Map<number, string>();
  const answers = new Map<string, RecordedAnswer>();
  try {
    for await (const { partition, offset, headers } of readTopic(log, 'documents')) {
      if (headers[headerNames.run] !== run) continue;
      const number = Number(headers[headerNames.line]);
      if (ridOfLine.has(number)) note('duplicated', `line ${number} stands in the log twice`);
      ridOfLine.set(number, formatRid({ partition, offset }));
    }
    const rids = new Set(ridOfLine.values());
    for await (const { headers, value } of readTopic(log, 'results')) {
      if (headers[headerNames.run] !== run) continue;
      const rid = headers[headerNames.rid] ?? '';
      if (!rids.has(rid)) note('unaccounted', `the answer of ${rid}, which is no document`);
      if (answers.has(rid)) note('duplicated', `a second answer of ${rid} in the log`);
      const text = Buffer.from(value).toString('utf8');
      answers.set(rid, { text, att: Number(headers[headerNames.att]), outcome: headers[headerNames.outcome] });
    }
  } finally {
    await log.close();
  }
  return { ridOfLine, answers };
}

/** Only a line feed ends a line: a document may hold every other separator there is. */
function readLines(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function checkFile(
  written: readonly Answer[],
  known: {
    answers: ReadonlyMap<string, RecordedAnswer>;
    lineOfRid: ReadonlyMap<string, string>;
    codeOf: (line: string) => string | null;
    note: Note;
  },
): void {
  const { answers, lineOfRid, codeOf, note } = known;
  const seen = new Set<string>();
  for (const answer of written) {
    const { rid } = answer;
    if (seen.has(rid)) note('duplicated', `a second line of ${rid} in the file`);
    seen.add(rid);
    if (JSON.stringify(answer) !== answers.get(rid)?.text)
      note('wrong', `the file says of ${rid} what the log does not`);
    const line = lineOfRid.get(rid) ?? '';
    const code = answer.outcome === 'succeeded' ? codeOf(line) : null;
    if (code !== null && answer.output?.code !== code) note('wrong', `${rid} is answered with another's answer`);
    const customId = customIdOf(line);
    if (customId !== undefined && customId !== answer.custom_id)
      note('wrong', `${rid} has the custom_id ${answer.custom_id}`);
  }
  for (const rid of answers.keys()) if (!seen.has(rid)) note('lost', `${rid} is not in the file`);
}

/** Undefined: the line is no JSON, and how much of its name can be told is not for us to judge. */
function customIdOf(line: string): string | null | undefined {
  try {
    const { custom_id: customId } = JSON.parse(line) as { custom_id?: unknown };
    return typeof customId === 'string' ? customId : null;
  } catch {
    return undefined;
  }
}

function checkInvoice(
  directory: string,
  {
    lineOfRid,
    answers,
    note,
  }: { lineOfRid: ReadonlyMap<string, string>; answers: ReadonlyMap<string, RecordedAnswer>; note: Note },
): void {
  const executed = new Set<string>();
  for (const { customId, isForeign } of readInvoice(directory)) {
    if (isForeign) continue;
    const identity = parseCustomId(customId ?? '');
    if (!identity) {
      note('unaccounted', `${customId} was executed`);
      continue;
    }
    const rid = formatRid(identity);
    if (!lineOfRid.has(rid)) continue; // of another run
    const purchase = `${rid}#${identity.att}`;
    if (executed.has(purchase)) note('boughtTwice', `attempt ${identity.att} of ${rid}`);
    executed.add(purchase);
    if (identity.att > (answers.get(rid)?.att ?? Infinity)) note('boughtTwice', `${rid} after it was answered`);
  }
}
