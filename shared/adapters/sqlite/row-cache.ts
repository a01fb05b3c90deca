import type { RecordBatch } from './record-batch.ts';

const bytesMax = 16 * 1024 * 1024;
const rowsMax = 512;

/** The rows used last, of all partitions. Rows never change, so nothing in here can be stale; pruned ones linger. */
export class RowCache {
  readonly #rows = new Map<RecordBatch, RecordBatch[]>();
  #sizeBytes = 0;

  /** @param rows of the partition, by base */
  add(rows: RecordBatch[], batch: RecordBatch): void {
    const index = indexCovering(rows, batch.base) + 1;
    if (rows[index - 1]?.base === batch.base) return;
    rows.splice(index, 0, batch);
    this.#rows.set(batch, rows);
    this.#sizeBytes += batch.sizeBytes;
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= rowsMax && this.#sizeBytes <= bytesMax) break;
      this.#remove(oldest);
    }
  }

  /** The row with `offset` between its first and last. */
  find(rows: RecordBatch[], offset: number): RecordBatch | null {
    const batch = rows[indexCovering(rows, offset)];
    if (batch === undefined || batch.next <= offset) return null;
    this.#rows.delete(batch);
    this.#rows.set(batch, rows);
    return batch;
  }

  removeBelow(rows: RecordBatch[], offset: number): void {
    for (const batch of rows.filter(({ next }) => next <= offset)) this.#remove(batch);
  }

  #remove(batch: RecordBatch): void {
    const rows = this.#rows.get(batch)!;
    rows.splice(rows.indexOf(batch), 1);
    this.#rows.delete(batch);
    this.#sizeBytes -= batch.sizeBytes;
  }
}

/** Index of the last row that begins at or before `offset`; -1 when there is none. */
function indexCovering(rows: readonly RecordBatch[], offset: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.base <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
