export interface DueEntry {
  dueAt: number;
  /** Orders entries due at the same time. */
  sequence: number;
  /** Where it stands in its heap; the heap's own. */
  heapIndex: number;
}

/** Entries by due time, the earliest first; any one can be taken out. Each step costs O(log n). */
export class DueHeap<T extends DueEntry> {
  readonly #entries: T[] = [];

  get size(): number {
    return this.#entries.length;
  }

  peek(): T | null {
    return this.#entries[0] ?? null;
  }

  add(entry: T): void {
    this.#entries.push(entry);
    this.#rise(entry, this.#entries.length - 1);
  }

  remove(entry: T): void {
    const index = entry.heapIndex;
    const last = this.#entries.pop()!;
    if (last === entry) return;
    this.#rise(last, index);
    this.#sink(last, last.heapIndex);
  }

  #rise(entry: T, start: number): void {
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >>> 1;
      const parent = this.#entries[parentIndex]!;
      if (!isBefore(entry, parent)) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(entry, index);
  }

  #sink(entry: T, start: number): void {
    const length = this.#entries.length;
    let index = start;
    for (;;) {
      let childIndex = index * 2 + 1;
      if (childIndex >= length) break;
      if (childIndex + 1 < length && isBefore(this.#entries[childIndex + 1]!, this.#entries[childIndex]!))
        childIndex += 1;
      const child = this.#entries[childIndex]!;
      if (!isBefore(child, entry)) break;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(entry, index);
  }

  #place(entry: T, index: number): void {
    this.#entries[index] = entry;
    entry.heapIndex = index;
  }
}

function isBefore(left: DueEntry, right: DueEntry): boolean {
  return left.dueAt < right.dueAt || (left.dueAt === right.dueAt && left.sequence < right.sequence);
}
