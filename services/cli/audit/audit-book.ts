import { Claims } from '#core/claims.ts';
import type { ItemIdentity } from '#core/custom-id.ts';
import type { Stamped } from '#core/journal.ts';
import { reduceJournal } from '#core/reduce-journal.ts';
import { reduceSettled } from '#core/reduce-settled.ts';
import { formatRid, type Rid } from '#core/rid.ts';
import type { SettledRecord } from '#core/settled.ts';
import { createView } from '#core/view.ts';

/** What `flotilla audit` says. All but the first five figures must be 0. */
export interface AuditFigures {
  documents: number;
  /** Documents with a result. */
  answered: number;
  /** Of these, with the answer that was bought for another document. */
  reused: number;
  deadLettered: number;
  /** Documents still under way: nothing is wrong with them, but nothing is proven. */
  pending: number;
  /** Documents without an answer that nobody works on. */
  lost: number;
  /** Terminal records beyond the first of a document. */
  duplicated: number;
  /** Purchases of one attempt beyond the first, and purchases after the answer. */
  boughtTwice: number;
  /** Records and purchases that nothing explains. */
  unaccounted: number;
}

export type Verdict = 'clean' | 'unfinished' | 'failed';

export interface AuditReport extends AuditFigures {
  verdict: Verdict;
  /** What is wrong, the first few. */
  examples: readonly string[];
}

/** The low watermark of a documents partition, read before anything else: everything below is sealed. */
export type SealedBelow = (partition: number) => number;

const examplesMax = 10;

/**
 * The pure core of the audit: fed with every record, it tells what is lost, doubled or unexplained. A document costs a few
 * bits, whatever its size.
 *
 * While an engine runs, records must come in this order: documents, purchases, settled, journal, results, dead letters,
 * and what results have come since. So later records explain earlier ones, and what is new is only not looked at.
 */
export class AuditBook {
  readonly #view = createView();
  readonly #documents = new Claims();
  readonly #answers = new Claims();
  readonly #deadAnswers = new Claims();
  readonly #deadLetters = new Claims();
  /** Dead letters whose answer had not been read yet. */
  readonly #earlyLetters: Rid[] = [];
  readonly #purchases = new Claims();
  /** Attempts of documents that were not answered at the first: few. */
  readonly #finalAtts = new Map<string, number>();
  readonly #reusedFrom = new Claims();
  /** Documents that have another's answer: nobody may have it from them. */
  readonly #reusing = new Claims();
  readonly #ranges = new Map<number, { start: number; end: number }>();
  /** Purchases to be explained once journal and results are known: all of attempts above 0, which are few. */
  readonly #laterPurchases: ItemIdentity[] = [];
  readonly #won = new Map<string, number>();
  readonly #settledItems = new Map<string, number>();
  readonly #unbound: { bk: string; pid: string }[] = [];
  readonly #figures: AuditFigures = { ...noFigures };
  readonly #examples: string[] = [];

  /** Where the retained documents of a partition begin and end: what lies outside is not judged. */
  range(partition: number, range: { start: number; end: number }): void {
    this.#ranges.set(partition, range);
  }

  document(rid: Rid): void {
    if (!this.#isCovered(rid)) return;
    this.#documents.add({ ...rid, att: 0 });
    this.#figures.documents += 1;
  }

  /** An executed item of a bill. */
  purchase(identity: ItemIdentity): void {
    if (!this.#isCovered(identity)) return;
    if (this.#purchases.has(identity)) {
      this.#note('boughtTwice', `attempt ${identity.att} of ${formatRid(identity)} was executed again`);
      return;
    }
    this.#purchases.add(identity);
    if (identity.att > 0) this.#laterPurchases.push(identity);
  }

  /** An executed item that is not ours and not another user's. */
  foreignPurchase(customId: string | null): void {
    this.#note('unaccounted', `the item ${customId ?? 'without a name'} was executed`);
  }

  settled(record: SettledRecord): void {
    if (this.#settledItems.has(record.bk)) return;
    this.#settledItems.set(record.bk, record.done.length + record.dead.length + record.retry.length);
    reduceSettled(this.#view, record);
  }

  journal(record: Stamped): void {
    if (record.kind === 'SEALED' && !this.#view.bks.has(record.bk)) {
      const own = record.items.filter(([partition, offset, att]) => !this.#view.claims.has({ partition, offset, att }));
      this.#won.set(record.bk, own.length);
    }
    const verdict = reduceJournal(this.#view, record);
    if (record.kind === 'CREATED' && verdict === 'refused') this.#unbound.push({ bk: record.bk, pid: record.pid });
  }

  /** @param answer.isLate read again after the dead letters: an engine may have answered meanwhile */
  result(answer: { rid: Rid; att: number; isSucceeded: boolean; reusedFrom?: Rid | null; isLate?: boolean }): void {
    const { rid, att, isSucceeded, reusedFrom = null, isLate = false } = answer;
    if (!this.#isCovered(rid)) return;
    const claim = { ...rid, att: 0 };
    if (!this.#documents.has(claim)) this.#note('unaccounted', `${formatRid(rid)} is answered and is no document`);
    else if (this.#answers.has(claim)) this.#note('duplicated', `${formatRid(rid)} is answered again`);
    else {
      this.#answers.add(claim);
      if (att > 0) this.#finalAtts.set(formatRid(rid), att);
      this.#figures[isSucceeded ? 'answered' : 'deadLettered'] += 1;
      if (!isSucceeded && !isLate) this.#deadAnswers.add(claim);
      if (reusedFrom) this.#reused({ ...rid, att }, reusedFrom);
    }
  }

  #reused(claim: Rid & { att: number }, from: Rid): void {
    this.#figures.reused += 1;
    this.#reusing.add({ ...claim, att: 0 });
    if (this.#purchases.has(claim)) {
      this.#note('boughtTwice', `attempt ${claim.att} of ${formatRid(claim)} was bought and answered by another`);
    }
    if (this.#isCovered(from)) this.#reusedFrom.add({ ...from, att: 0 });
  }

  deadLetter(rid: Rid): void {
    if (!this.#isCovered(rid)) return;
    const claim = { ...rid, att: 0 };
    if (this.#deadLetters.has(claim)) this.#note('duplicated', `${formatRid(rid)} has a second dead letter`);
    this.#deadLetters.add(claim);
    if (!this.#deadAnswers.has(claim)) this.#earlyLetters.push(rid);
  }

  /** @param options.hasBill false where there is no invoice: then `boughtTwice` counts suspected double purchases */
  close({ sealedBelow, hasBill }: { sealedBelow: SealedBelow; hasBill: boolean }): AuditReport {
    this.#closeBooks();
    if (hasBill) this.#explainPurchases();
    else this.#countSuspected();
    this.#checkReused();
    this.#findLost(sealedBelow);
    this.#matchDeadLetters();
    const { lost, duplicated, boughtTwice, unaccounted, pending } = this.#figures;
    const isWrong = lost + duplicated + boughtTwice + unaccounted > 0;
    const verdict = isWrong ? 'failed' : pending > 0 ? 'unfinished' : 'clean';
    return { ...this.#figures, verdict, examples: this.#examples };
  }

  /** Every batch: sealed = sum of its outcomes. */
  #closeBooks(): void {
    for (const [bk, settled] of this.#settledItems) {
      const won = this.#won.get(bk);
      if (won === settled) continue;
      this.#note('unaccounted', `batch ${bk} has ${won ?? 'no'} items and settled ${settled}`);
    }
  }

  #explainPurchases(): void {
    for (const purchase of this.#laterPurchases) {
      const rid = formatRid(purchase);
      if (!this.#view.claims.has(purchase))
        this.#note('unaccounted', `attempt ${purchase.att} of ${rid} was never sealed`);
      const isAnswered = this.#answers.has({ ...purchase, att: 0 });
      if (isAnswered && purchase.att > (this.#finalAtts.get(rid) ?? 0)) {
        this.#note('boughtTwice', `attempt ${purchase.att} of ${rid} was bought after its answer`);
      }
    }
    for (const claim of this.#covered()) {
      if (!this.#purchases.has(claim) || this.#view.claims.has(claim)) continue;
      this.#note('unaccounted', `${formatRid(claim)} was bought and never sealed`);
    }
  }

  /** An answer that is given again was somebody's first. */
  #checkReused(): void {
    for (const claim of this.#covered()) {
      if (!this.#reusedFrom.has(claim)) continue;
      const isAnswer = this.#answers.has(claim) && !this.#deadAnswers.has(claim) && !this.#reusing.has(claim);
      if (!isAnswer) this.#note('unaccounted', `the answer of ${formatRid(claim)} was given again, and it has none`);
    }
  }

  /** A create that was answered with another batch than the one that is bound (protocol §1). */
  #countSuspected(): void {
    for (const { bk, pid } of this.#unbound) {
      if (this.#view.bks.get(bk) === pid) continue;
      this.#note('boughtTwice', `batch ${bk} was created a second time, as ${pid}`, this.#won.get(bk) ?? 1);
    }
  }

  #findLost(sealedBelow: SealedBelow): void {
    const open = this.#openRids();
    for (const claim of this.#covered()) {
      if (!this.#documents.has(claim) || this.#answers.has(claim)) continue;
      const isUnsealed = !this.#view.claims.has(claim) && claim.offset >= sealedBelow(claim.partition);
      if (isUnsealed || open.has(formatRid(claim))) this.#figures.pending += 1;
      else this.#note('lost', `${formatRid(claim)} has no answer, and nobody works on it`);
    }
  }

  /** What is in a batch that is not settled, or waits for its next try. */
  #openRids(): Set<string> {
    const open = new Set<string>();
    for (const batch of this.#view.batches.values()) {
      if (!batch.settled) for (const item of batch.items) open.add(formatRid(item));
    }
    for (const { p, o } of this.#view.retries.values()) open.add(formatRid({ partition: p, offset: o }));
    return open;
  }

  #matchDeadLetters(): void {
    for (const rid of this.#earlyLetters) {
      if (this.#answers.has({ ...rid, att: 0 })) continue;
      this.#note('unaccounted', `the dead letter of ${formatRid(rid)} has no answer`);
    }
    for (const claim of this.#covered()) {
      if (!this.#deadAnswers.has(claim) || this.#deadLetters.has(claim)) continue;
      this.#note('unaccounted', `${formatRid(claim)} failed and has no dead letter`);
    }
  }

  /** Every offset that is judged. */
  *#covered(): Generator<Rid & { att: 0 }> {
    for (const [partition, { start, end }] of this.#ranges) {
      for (let offset = start; offset < end; offset++) yield { partition, offset, att: 0 };
    }
  }

  #isCovered({ partition, offset }: Rid): boolean {
    const range = this.#ranges.get(partition);
    return range !== undefined && offset >= range.start && offset < range.end;
  }

  #note(figure: 'lost' | 'duplicated' | 'boughtTwice' | 'unaccounted', example: string, count = 1): void {
    this.#figures[figure] += count;
    if (this.#examples.length < examplesMax) this.#examples.push(`${figure}: ${example}`);
  }
}

const noFigures: AuditFigures = {
  documents: 0,
  answered: 0,
  reused: 0,
  deadLettered: 0,
  pending: 0,
  lost: 0,
  duplicated: 0,
  boughtTwice: 0,
  unaccounted: 0,
};
