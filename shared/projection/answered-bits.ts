import type { DatabaseSync } from 'node:sqlite';
import type { Rid } from '#core/rid.ts';

const pageOffsets = 65_536;

/**
 * One bit for each document that has its record in a topic: the first counts, later copies do not (protocol §1). Pages
 * that changed are written in the transaction of what they counted.
 */
export class AnsweredBits {
  readonly #db: DatabaseSync;
  readonly #topic: string;
  readonly #pages = new Map<string, Uint8Array>();
  readonly #changed = new Map<string, { partition: number; page: number }>();

  constructor(db: DatabaseSync, topic: string) {
    this.#db = db;
    this.#topic = topic;
  }

  /** @returns false when it was there before */
  add({ partition, offset }: Rid): boolean {
    const page = Math.floor(offset / pageOffsets);
    const key = `${partition}/${page}`;
    const bits = this.#pages.get(key) ?? this.#load(partition, page);
    this.#pages.set(key, bits);
    const at = offset % pageOffsets;
    const before = bits[at >> 3] as number;
    if (before & (1 << (at & 7))) return false;
    bits[at >> 3] = before | (1 << (at & 7));
    this.#changed.set(key, { partition, page });
    return true;
  }

  /** Inside the transaction. */
  write(): void {
    const replace = this.#db.prepare(
      'INSERT OR REPLACE INTO answered (topic, partition, page, bits) VALUES (?, ?, ?, ?)',
    );
    for (const [key, { partition, page }] of this.#changed) {
      replace.run(this.#topic, partition, page, this.#pages.get(key) as Uint8Array);
    }
    this.#changed.clear();
  }

  #load(partition: number, page: number): Uint8Array {
    const row = this.#db
      .prepare('SELECT bits FROM answered WHERE topic = ? AND partition = ? AND page = ?')
      .get(this.#topic, partition, page) as { bits: Uint8Array } | undefined;
    return row ? new Uint8Array(row.bits) : new Uint8Array(pageOffsets / 8);
  }
}
