import type { Parsed, Reject } from '#core/document.ts';
import { type ErrorCode, errorCatalogue } from '#errors/catalogue.ts';
import { type EstimateReport, estimateJson } from '../estimate/estimate-report.ts';
import type { InputRecord } from '../input/read-input.ts';
import { RepeatedIds } from './repeated-ids.ts';

export interface Problem {
  line: number;
  customId: string | null;
  where: string | null;
  why: string;
}

export interface ProblemGroup {
  code: ErrorCode;
  count: number;
  /** The first of them. */
  examples: readonly Problem[];
}

/** The shapes of the design, in words. */
export type ShapeName = 'Anthropic request' | 'OpenAI line' | 'native document' | 'reference';

const examplesMax = 5;
const repeatsShown = 3;
/** More names than this are summed up: they come from the file. */
const namesMax = 50;

/** What is known about a file after reading it once; memory does not grow with its length. */
export class FileReport {
  readonly file: string;
  lines = 0;
  documents = 0;
  bytes = 0;
  readonly shapes = new Map<ShapeName, number>();
  readonly models = new Map<string, number>();
  readonly tasks = new Map<string, number>();
  /** About what it will cost; null until the file is read. */
  price: EstimateReport | null = null;
  repeatedIds = 0;
  readonly repeatExamples: { line: number; firstLine: number; customId: string }[] = [];
  readonly #groups = new Map<ErrorCode, { count: number; examples: Problem[] }>();
  readonly #ids = new RepeatedIds();
  readonly #examplesMax: number;

  constructor(file: string, options: { hasAllProblems: boolean }) {
    this.file = file;
    this.#examplesMax = options.hasAllProblems ? Number.POSITIVE_INFINITY : examplesMax;
  }

  /** Most frequent first. */
  get problems(): ProblemGroup[] {
    return [...this.#groups].map(([code, group]) => ({ code, ...group })).sort((a, b) => b.count - a.count);
  }

  get problemCount(): number {
    return this.lines - this.documents;
  }

  /** False when the file has more ids than are compared. */
  get hasComparedAllIds(): boolean {
    return !this.#ids.isFull;
  }

  /** @param modelOf the model of a task */
  add(record: InputRecord, parsed: Parsed, modelOf: (task: string) => string | null): void {
    this.lines += 1;
    this.bytes += record.bytes;
    const customId = parsed.is === 'document' ? parsed.document.customId : parsed.reject.customId;
    if (customId !== null) this.#noteId(customId, record.line);
    if (parsed.is === 'reject') {
      if (isOpenAiLine(parsed.reject)) increment(this.shapes, 'OpenAI line');
      this.#addProblem(record.line, parsed.reject);
      return;
    }
    const { ask, task } = parsed.document;
    this.documents += 1;
    if (ask.shape === 'as-is') {
      increment(this.shapes, 'Anthropic request');
      increment(this.models, String(ask.params.model));
    } else {
      increment(this.shapes, record.headers['flotilla-resolved'] === '1' ? 'reference' : 'native document');
      increment(this.tasks, task ?? '');
      increment(this.models, modelOf(task ?? '') ?? 'unknown');
    }
  }

  #noteId(customId: string, line: number): void {
    const firstLine = this.#ids.add(customId, line);
    if (firstLine === null) return;
    this.repeatedIds += 1;
    if (this.repeatExamples.length < repeatsShown) this.repeatExamples.push({ line, firstLine, customId });
  }

  #addProblem(line: number, { code, customId, where, why }: Reject): void {
    let group = this.#groups.get(code);
    if (!group) {
      group = { count: 0, examples: [] };
      this.#groups.set(code, group);
    }
    group.count += 1;
    if (group.examples.length < this.#examplesMax) group.examples.push({ line, customId, where, why });
  }
}

const isOpenAiLine = ({ code, where }: Reject): boolean => code === 'provider-not-configured' && where === 'url';

function increment<Key extends string>(counts: Map<Key, number>, key: Key): void {
  const known = counts.has(key) || counts.size < namesMax ? key : ('others' as Key);
  counts.set(known, (counts.get(known) ?? 0) + 1);
}

/** The report for programs. */
export function fileReportJson(report: FileReport): Record<string, unknown> {
  const { file, lines, documents, bytes, shapes, models, tasks, repeatedIds, repeatExamples, problemCount } = report;
  return {
    file,
    lines,
    documents,
    bytes,
    shapes: Object.fromEntries(shapes),
    models: Object.fromEntries(models),
    tasks: Object.fromEntries(tasks),
    estimate: report.price && estimateJson(report.price),
    problemCount,
    problems: report.problems.map(({ code, count, examples }) => {
      const { what, fix } = errorCatalogue[code];
      return { code, what, fix, count, examples };
    }),
    notes: { repeatedCustomIds: repeatedIds, examples: repeatExamples },
  };
}
