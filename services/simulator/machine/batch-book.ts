import type { BatchRecord } from './batch-record.ts';
import { endOf } from './batch-timing.ts';

/** All batches in memory, without their items: a few hundred bytes each. */
export class BatchBook {
  readonly #all: BatchRecord[] = [];
  readonly #byId = new Map<string, BatchRecord>();
  readonly #byWorkspace = new Map<string, BatchRecord[]>();
  readonly #running = new Set<BatchRecord>();
  readonly #queued = new Map<string, number>();
  /** Retention is the same for all, so batches are archived in creation order. */
  #archiveFrom = 0;
  #nextEndAt = Number.POSITIVE_INFINITY;
  #lastSeq = 0;

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get nextEndAt(): number {
    return this.#nextEndAt;
  }

  add(record: BatchRecord): void {
    this.#lastSeq = record.seq;
    if (record.isDeleted) return;
    this.#all.push(record);
    this.#byId.set(record.id, record);
    const known = this.#byWorkspace.get(record.workspace);
    if (known) known.push(record);
    else this.#byWorkspace.set(record.workspace, [record]);
    if (record.endedAt !== null) return;
    this.#running.add(record);
    this.#queue(record, record.itemCount);
    this.#nextEndAt = Math.min(this.#nextEndAt, endOf(record));
  }

  find(workspace: string, id: string): BatchRecord | undefined {
    const record = this.#byId.get(id);
    return record?.workspace === workspace ? record : undefined;
  }

  byId(id: string): BatchRecord | undefined {
    return this.#byId.get(id);
  }

  all(): readonly BatchRecord[] {
    return this.#all.filter(record => !record.isDeleted);
  }

  ofWorkspace(workspace: string): readonly BatchRecord[] {
    return this.#byWorkspace.get(workspace) ?? [];
  }

  /** Items in batches that have not ended. */
  queuedCount(workspace: string): number {
    return this.#queued.get(workspace) ?? 0;
  }

  /** Another ended batch of the same workspace, near in time. */
  neighbour(record: BatchRecord): BatchRecord | undefined {
    return this.ofWorkspace(record.workspace)
      .slice(-50)
      .find(other => other !== record && other.endedAt !== null && !other.isArchived);
  }

  /** Batches whose end has come, earliest first. They stay running until `settled`. */
  takeEnded(now: number): BatchRecord[] {
    const ended = [...this.#running].filter(record => endOf(record) <= now);
    return ended.sort((first, second) => endOf(first) - endOf(second) || first.seq - second.seq);
  }

  settled(record: BatchRecord): void {
    this.#running.delete(record);
    this.#queue(record, -record.itemCount);
  }

  /** Its end may have moved. */
  changed(record: BatchRecord): void {
    if (this.#running.has(record)) this.#nextEndAt = Math.min(this.#nextEndAt, endOf(record));
  }

  takeArchived(now: number): BatchRecord[] {
    const archived: BatchRecord[] = [];
    for (; this.#archiveFrom < this.#all.length; this.#archiveFrom += 1) {
      const record = this.#all[this.#archiveFrom] as BatchRecord;
      if (record.archivesAt > now) break;
      if (!record.isArchived && !record.isDeleted) archived.push(record);
    }
    return archived;
  }

  remove(record: BatchRecord): void {
    this.#byId.delete(record.id);
    const known = this.#byWorkspace.get(record.workspace) ?? [];
    const index = known.indexOf(record);
    if (index >= 0) known.splice(index, 1);
  }

  #queue(record: BatchRecord, change: number): void {
    this.#queued.set(record.workspace, this.queuedCount(record.workspace) + change);
  }

  /** After a round of `settled`. */
  findNextEnd(): void {
    this.#nextEndAt = Number.POSITIVE_INFINITY;
    for (const record of this.#running) this.#nextEndAt = Math.min(this.#nextEndAt, endOf(record));
  }
}
