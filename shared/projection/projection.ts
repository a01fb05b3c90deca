import { existsSync } from 'node:fs';
import { decodeJournal } from '#contracts/journal-codec.ts';
import { decodeRecipe } from '#contracts/recipe-codec.ts';
import { decodeSettled } from '#contracts/settled-codec.ts';
import { recipeFamily } from '#core/recipe.ts';
import { takeSnapshot, type ViewSnapshot, viewFromSnapshot } from '#core/snapshot.ts';
import { createView, type View } from '#core/view.ts';
import type { Log, LogRecord, Mark, ReadResult, Topic } from '#ports/log.ts';
import { BatchRows } from './batch-rows.ts';
import { DocumentRows } from './document-rows.ts';
import {
  deleteProjectionFile,
  openProjectionFile,
  type ProjectionFile,
  toProjectionError,
} from './open-projection-file.ts';
import { type Refold, refoldView } from './refold-view.ts';
import { Totals } from './totals.ts';

/** Recipes and documents first: what is sealed or answered is then mostly known by name. */
const foldedTopics = [
  'recipes',
  'documents',
  'journal',
  'settled',
  'results',
  'dead-letters',
] as const satisfies Topic[];
type FoldedTopic = (typeof foldedTopics)[number];
type FoldedMark = Mark & { topic: FoldedTopic };

interface Read {
  mark: FoldedMark;
  result: ReadResult;
}

export interface ProjectionBounds {
  /** Documents of each partition that can be looked up; older ones are only counted. */
  documentsKept: number;
  /** Settled batches that are kept one by one. */
  batchesKept: number;
}

export const projectionBounds: ProjectionBounds = { documentsKept: 1_000_000, batchesKept: 5_000 };

const recordsPerRead = 1_000;
/** A start folds again at most so many records of journal and settled into the view. */
const snapshotEveryRecords = 50_000;
const snapshotAtCloseRecords = 1_000;

/** States: opened on a prefix of the log ──advance──▶ a longer prefix; closed. After an error: `close`, and open anew. */
export class Projection {
  readonly path: string;
  readonly view: View;
  readonly totals: Totals;
  readonly #file: ProjectionFile;
  readonly #log: Log;
  readonly #bounds: ProjectionBounds;
  readonly #batches: BatchRows;
  readonly #documents: DocumentRows;
  /** By `<topic>/<partition>`. */
  readonly #positions: Map<string, number>;
  #sinceSnapshot: number;
  #isClosed = false;
  #hasFailed = false;

  private constructor(file: ProjectionFile, { log, bounds, view, positions, refolded }: Opened) {
    this.#file = file;
    this.path = file.path;
    this.view = view;
    this.#log = log;
    this.#bounds = bounds;
    this.#positions = positions;
    this.#sinceSnapshot = refolded;
    this.totals = new Totals(file.db);
    this.#batches = new BatchRows(file.db, { view, totals: this.totals });
    this.#documents = new DocumentRows(file.db, { totals: this.totals, keep: bounds.documentsKept });
  }

  /**
   * Goes on where the file ends. A file of another log, or of one that was re-created, is begun anew.
   * @throws FlotillaError log-unavailable | disk-full
   */
  static async open({ path, log, bounds = projectionBounds }: ProjectionOptions): Promise<Projection> {
    const file = openProjectionFile(path);
    try {
      const positions = readPositions(file);
      if (file.isNew || positions.size === 0) return new Projection(file, opened({ log, bounds, positions }));
      const refold = await refoldView({ log, snapshot: readSnapshot(file), positions, fleet: readFleet(file) });
      if (refold.is === 'of-this-log') return new Projection(file, opened({ log, bounds, positions, refold }));
    } catch (error) {
      file.db.close();
      throw toProjectionError(error, file.path);
    }
    file.db.close();
    deleteProjectionFile(file.path);
    return new Projection(openProjectionFile(path), opened({ log, bounds, positions: new Map() }));
  }

  /** The statements of readers. */
  get db(): ProjectionFile['db'] {
    return this.#file.db;
  }

  /** True after a transaction that failed: close it, and open anew. */
  get isBroken(): boolean {
    return this.#hasFailed;
  }

  /** False once somebody has deleted the file: what is written goes nowhere. */
  get isThere(): boolean {
    return existsSync(this.path);
  }

  /**
   * Folds some of what is new, in one transaction with the positions.
   * @returns true when every partition was read to its end
   * @throws FlotillaError log-unavailable | disk-full: what this object knows may be ahead of the file; close it
   */
  async advance(): Promise<boolean> {
    const reads: Read[] = [];
    for (const mark of this.marks()) {
      const result = await this.#log.read({ ...mark, recordsMax: recordsPerRead });
      reads.push({ mark, result });
    }
    const moved = reads.filter(({ mark, result }) => result.nextOffset > mark.from);
    if (moved.length > 0) this.#commit(moved);
    return reads.every(({ result }) => result.isAtEnd);
  }

  /** False when the log ends before what was read of it: it is another one, or was made anew. */
  async isOfLog(): Promise<boolean> {
    for (const { topic, partition, from } of this.marks()) {
      if (from > 0 && (await this.#log.endOffset(topic, partition)) < from) return false;
    }
    return true;
  }

  /** Where each partition is read on. */
  marks(): FoldedMark[] {
    return foldedTopics.flatMap(topic =>
      Array.from({ length: this.#log.partitions(topic) }, (_, partition) => {
        return { topic, partition, from: this.#positions.get(`${topic}/${partition}`) ?? 0 };
      }),
    );
  }

  /** Leaves a snapshot of the view, so that the next start is short. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      if (!this.#hasFailed && this.#sinceSnapshot >= snapshotAtCloseRecords) this.#writeSnapshot();
    } catch {
      // The next start folds more.
    }
    this.#file.db.close();
  }

  #commit(reads: readonly Read[]): void {
    const { db } = this.#file;
    try {
      db.exec('BEGIN IMMEDIATE');
      for (const { mark, result } of reads) {
        for (const record of result.records) this.#fold(mark.topic, record);
        this.#positions.set(`${mark.topic}/${mark.partition}`, result.nextOffset);
      }
      this.#write(reads);
      db.exec('COMMIT');
    } catch (error) {
      this.#hasFailed = true;
      throw toProjectionError(error, this.path);
    }
  }

  #fold(topic: FoldedTopic, record: LogRecord): void {
    if (topic === 'recipes') this.#foldRecipe(record);
    else if (topic === 'documents') this.#documents.document(record);
    else if (topic === 'results') this.#documents.result(record);
    else if (topic === 'dead-letters') this.#documents.deadLetter(record);
    else this.#foldBatch(topic, record);
  }

  #foldRecipe({ key, value }: LogRecord): void {
    const recipe = decodeRecipe(value);
    if (key === null || recipe === null) return;
    const replace = this.db.prepare('INSERT OR REPLACE INTO recipes VALUES (?, ?, ?, ?, ?, ?)');
    const { task, model, maxTokens, raised } = recipe;
    replace.run(key, task, model, recipeFamily(recipe), raised ? 1 : 0, maxTokens);
  }

  #foldBatch(topic: 'journal' | 'settled', { value, at }: LogRecord): void {
    this.#sinceSnapshot += 1;
    const decoded = topic === 'journal' ? decodeJournal(value, at) : decodeSettled(value);
    if (!('kind' in decoded)) this.#batches.settled(decoded, at);
    else if (decoded.kind !== 'UNKNOWN') this.#batches.journal(decoded);
    else this.view.unknown ??= { what: decoded.what };
  }

  #write(reads: readonly Read[]): void {
    const { db } = this.#file;
    this.#batches.compact(this.#bounds.batchesKept);
    this.#documents.write();
    this.totals.write();
    const replace = db.prepare('INSERT OR REPLACE INTO positions (topic, partition, offset) VALUES (?, ?, ?)');
    for (const { mark, result } of reads) replace.run(mark.topic, mark.partition, result.nextOffset);
    const { fleet } = this.view;
    if (fleet) db.prepare('INSERT OR IGNORE INTO fleet (id, name) VALUES (1, ?)').run(fleet.id);
    if (this.#sinceSnapshot >= snapshotEveryRecords) this.#writeSnapshot();
  }

  /** A function of the log up to the positions, so it may be older than they are. */
  #writeSnapshot(): void {
    this.#sinceSnapshot = 0;
    const settledOffsets = this.marks().flatMap(({ topic, from }) => (topic === 'settled' ? [from] : []));
    const journalOffset = this.#positions.get('journal/0') ?? 0;
    const text = JSON.stringify(takeSnapshot(this.view, { journalOffset, settledOffsets }));
    this.db.prepare('INSERT OR REPLACE INTO snapshot (id, text) VALUES (1, ?)').run(text);
  }
}

export interface ProjectionOptions {
  path: string;
  log: Log;
  bounds?: ProjectionBounds;
}

interface Opened {
  log: Log;
  bounds: ProjectionBounds;
  view: View;
  positions: Map<string, number>;
  refolded: number;
}

function opened({
  log,
  bounds,
  positions,
  refold,
}: {
  log: Log;
  bounds: ProjectionBounds;
  positions: Map<string, number>;
  refold?: Extract<Refold, { is: 'of-this-log' }>;
}): Opened {
  return { log, bounds, positions, view: refold?.view ?? createView(), refolded: refold?.records ?? 0 };
}

function readPositions({ db }: ProjectionFile): Map<string, number> {
  const rows = db.prepare('SELECT topic, partition, offset FROM positions').all() as {
    topic: Topic;
    partition: number;
    offset: number;
  }[];
  return new Map(rows.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
}

const readFleet = ({ db }: ProjectionFile): string | null =>
  (db.prepare('SELECT name FROM fleet').get() as { name: string } | undefined)?.name ?? null;

function readSnapshot({ db }: ProjectionFile): { view: View; snapshot: ViewSnapshot } | null {
  const row = db.prepare('SELECT text FROM snapshot').get() as { text: string } | undefined;
  if (!row) return null;
  const snapshot = JSON.parse(row.text) as ViewSnapshot;
  const view = viewFromSnapshot(snapshot);
  return view && { view, snapshot };
}
