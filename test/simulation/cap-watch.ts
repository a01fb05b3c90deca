import { encodeJournal } from '#contracts/journal-codec.ts';
import { billOf } from '#test/support/bill-of.ts';
import type { Broker } from './broker.ts';
import { accountName, type ProviderBatch, type ProviderWorld } from './provider-world.ts';
import type { Truth } from './truth.ts';
import type { World } from './world.ts';

export type CapScope = 'items' | 'money';

/** A cap that was lifted or lowered shorter ago than this may still have let an INTENT through. */
const ofLateMs = 150_000;

/** S5 as the provider sees it: what is queued or bought now, against the widest cap in force of late. */
export class CapWatch {
  readonly #world: World;
  readonly #broker: Broker;
  readonly #provider: ProviderWorld;
  readonly #truth: Truth;
  readonly #history: Record<CapScope, { at: number; limit: number }[]> = {
    items: [{ at: 0, limit: Infinity }],
    money: [{ at: 0, limit: Infinity }],
  };

  constructor(around: { world: World; broker: Broker; provider: ProviderWorld; truth: Truth }) {
    this.#world = around.world;
    this.#broker = around.broker;
    this.#provider = around.provider;
    this.#truth = around.truth;
    this.#provider.watch = { landed: () => this.#check(), canceled: batch => this.#onCanceled(batch) };
  }

  /** An operator's CAP. */
  set(scope: CapScope, limit: number): void {
    this.#history[scope].push({ at: this.#world.time.now, limit });
    const value = encodeJournal({ kind: 'CAP', scope: `account:${accountName}:${scope}`, period: 'total', limit });
    void this.#broker.operator.append({ topic: 'journal', partition: 0, records: [{ key: null, value, headers: {} }] });
  }

  #check(): void {
    let items = 0;
    for (const { record, bk, hasFailed } of this.#provider.bySeq.values()) {
      if (bk !== null && record.endedAt === null && !hasFailed) items += record.itemCount;
    }
    const rows = this.#provider.machine.invoicePage({ now: this.#provider.now, limit: 100_000 }).rows;
    const money = billOf(rows.filter(({ isForeign }) => !isForeign));
    if (items > this.#widest('items')) this.#world.violate('S5 items above the cap');
    if (money > this.#widest('money')) this.#world.violate('S5 money above the cap');
  }

  #widest(scope: CapScope): number {
    const since = this.#world.time.now - ofLateMs;
    const history = this.#history[scope];
    const ofLate = history.filter((_, index) => (history[index + 1]?.at ?? Infinity) > since);
    return Math.max(...ofLate.map(cap => cap.limit));
  }

  /** Nothing may be canceled that is not certainly ours and bought twice. */
  #onCanceled({ bk, record }: ProviderBatch): void {
    this.#world.hit('orphan canceled');
    this.#truth.catchUp();
    if (bk === null) this.#world.violate('canceled a foreign batch');
    const bound = this.#truth.view.bks.get(bk ?? '');
    if (typeof bound !== 'string' || bound === record.id)
      this.#world.violate('canceled a batch that is bound nowhere else');
  }
}
