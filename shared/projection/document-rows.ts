import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { sniffCustomId } from '#contracts/sniff-custom-id.ts';
import { decodeObject } from '#contracts/unknown-record.ts';
import { headerNames } from '#core/headers.ts';
import { parseDollars } from '#core/money.ts';
import { formatRid, parseRid, type Rid } from '#core/rid.ts';
import type { LogRecord } from '#ports/log.ts';
import { AnsweredBits } from './answered-bits.ts';
import type { Totals } from './totals.ts';

const nameCharactersMax = 256;
const whyCharactersMax = 300;

/** Documents, their terminal records, and dead letters by cause. Only the newest documents keep a row. */
export class DocumentRows {
  readonly #totals: Totals;
  readonly #keep: number;
  readonly #results: AnsweredBits;
  readonly #deadLetters: AnsweredBits;
  /** The newest offset seen of each partition: what lies too far below it has no row. */
  readonly #newest: Map<number, number>;
  readonly #grown = new Set<number>();
  readonly #document: StatementSync;
  readonly #result: StatementSync;
  readonly #deadLetter: StatementSync;
  readonly #cause: StatementSync;
  readonly #forget: StatementSync;

  constructor(db: DatabaseSync, { totals, keep }: { totals: Totals; keep: number }) {
    this.#totals = totals;
    this.#keep = keep;
    this.#results = new AnsweredBits(db, 'results');
    this.#deadLetters = new AnsweredBits(db, 'dead-letters');
    const newest = db.prepare('SELECT partition, max(offset) AS offset FROM documents GROUP BY partition').all() as {
      partition: number;
      offset: number;
    }[];
    this.#newest = new Map(newest.map(({ partition, offset }) => [partition, offset]));
    this.#document =
      db.prepare(`INSERT INTO documents (partition, offset, custom_id, run, at) VALUES (?1, ?2, ?3, ?4, ?5)
      ON CONFLICT (partition, offset) DO UPDATE SET custom_id = ?3, run = ?4, at = ?5`);
    this.#result = db.prepare(`INSERT INTO documents
      (partition, offset, custom_id, run, outcome, cause, why, att, bk, cost, answered_at, result)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
      ON CONFLICT (partition, offset) DO UPDATE SET custom_id = coalesce(custom_id, ?3), outcome = ?5, cause = ?6,
      why = ?7, att = ?8, bk = ?9, cost = ?10, answered_at = ?11, result = ?12`);
    this.#deadLetter = db.prepare('UPDATE documents SET dead_letter = ?3 WHERE partition = ?1 AND offset = ?2');
    // The newest failure is the sample, whatever order the partitions are read in.
    const newer = 'iif((?3, ?4) >= (last_at, sample_rid)';
    this.#cause = db.prepare(`INSERT INTO causes
      (cause, class, count, last_at, sample_rid, sample_custom_id, sample_why) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6)
      ON CONFLICT (cause) DO UPDATE SET count = count + 1, last_at = max(last_at, ?3),
      sample_rid = ${newer}, ?4, sample_rid), sample_custom_id = ${newer}, ?5, sample_custom_id),
      sample_why = ${newer}, ?6, sample_why)`);
    this.#forget = db.prepare('DELETE FROM documents WHERE partition = ? AND offset <= ?');
  }

  document({ partition, offset, key, value, headers, at }: LogRecord): void {
    this.#totals.add('documents');
    if (!this.#isKept({ partition, offset })) return;
    const name = sniffCustomId(value) ?? key;
    this.#document.run(partition, offset, shortened(name), headers[headerNames.run] ?? null, at);
  }

  result({ key, value, headers, at, partition, offset }: LogRecord): void {
    const rid = parseRid(headers[headerNames.rid] ?? '');
    if (!rid) return;
    if (!this.#results.add(rid)) {
      this.#totals.add('copies'); // the first per rid is the answer
      return;
    }
    const outcome = headers[headerNames.outcome] ?? 'unknown';
    const isSucceeded = outcome === 'succeeded';
    this.#totals.add(isSucceeded ? 'succeeded' : 'dead');
    const line = decodeObject(value) ?? {};
    const failure = isSucceeded ? null : failureOf(line);
    const name = shortened(key);
    if (failure) this.#cause.run(failure.cause, failure.class, at, formatRid(rid), name, failure.why);
    if (!this.#isKept(rid)) return;
    const place = formatRid({ partition, offset });
    const { run, att, bk } = headerNames;
    const from = [rid.partition, rid.offset, name, headers[run] ?? null] as const;
    const how = [outcome, failure?.cause ?? null, failure?.why ?? null, Number(headers[att] ?? 0)] as const;
    this.#result.run(...from, ...how, headers[bk] ?? null, costOf(line), at, place);
  }

  deadLetter({ headers, partition, offset }: LogRecord): void {
    const rid = parseRid(headers[headerNames.rid] ?? '');
    if (!rid || !this.#deadLetters.add(rid)) return;
    this.#totals.add('deadLetters');
    this.#deadLetter.run(rid.partition, rid.offset, formatRid({ partition, offset }));
  }

  /** Inside the transaction. */
  write(): void {
    this.#results.write();
    this.#deadLetters.write();
    for (const partition of this.#grown) {
      this.#forget.run(partition, (this.#newest.get(partition) as number) - this.#keep);
    }
    this.#grown.clear();
  }

  #isKept({ partition, offset }: Rid): boolean {
    const newest = this.#newest.get(partition) ?? -1;
    if (offset > newest) {
      this.#newest.set(partition, offset);
      this.#grown.add(partition);
    }
    return offset > newest - this.#keep;
  }
}

interface Failure {
  cause: string;
  class: string;
  why: string;
}

const shortened = (name: string | null): string | null => (name === null ? null : name.slice(0, nameCharactersMax));

function failureOf({ cause, class: kind, message }: Record<string, unknown>): Failure {
  return {
    cause: typeof cause === 'string' ? cause : 'unknown',
    class: typeof kind === 'string' ? kind : 'unknown',
    why: (typeof message === 'string' ? message : '').slice(0, whyCharactersMax),
  };
}

function costOf({ cost }: Record<string, unknown>): number | null {
  const billed = (cost as { billed_usd?: unknown } | undefined)?.billed_usd;
  return typeof billed === 'string' ? parseDollars(billed) : null;
}
