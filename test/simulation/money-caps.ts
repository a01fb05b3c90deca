import { encodeJournal } from '#contracts/journal-codec.ts';
import { fleetMoney, type MoneyCap, taskMoney, tenantMoney } from '#core/caps/cap-scopes.ts';
import type { CapPeriod, JournalRecord } from '#core/journal.ts';
import { fromNanodollars, unitsPerDollar } from '#core/money.ts';
import type { Broker } from './broker.ts';
import { simulatedTasks, simulatedTenants } from './documents.ts';
import { accountName } from './provider-world.ts';
import type { World } from './world.ts';

const unlimited = 1_000 * unitsPerDollar;
/** Workers that stood still with another configuration in their hands have put it in force by then. */
const again = [0, 40_000, 120_000] as const;

/**
 * The caps of a configuration that people change while workers come and go, some with an older one, some with none. They
 * hold money back by scope, and give it free in the end: lifted, raised, or because the day turns.
 */
export class MoneyCaps {
  readonly #world: World;
  readonly #broker: Broker;
  readonly #factor: number;
  #now: readonly MoneyCap[] = [];
  #before: readonly MoneyCap[] = [];

  /** @param factor how much dearer documents are than short ones */
  constructor(world: World, broker: Broker, factor: number) {
    this.#world = world;
    this.#broker = broker;
    this.#factor = factor;
  }

  schedule(): void {
    const { random, time, setting } = this.#world;
    if (!setting.hasCaps) return;
    this.#now = this.#before = random.chance(0.25) ? this.#fullDay() : this.#draw();
    void this.#append(...this.#now.map(asRecord));
    const turnsByItself = this.#now.some(({ limit }) => limit === fullDayLimit);
    if (turnsByItself) return;
    if (random.chance(0.5)) time.at(random.between(10_000, 120_000), () => this.#change(this.#draw()));
    const raised = random.chance(0.5) ? (cap: MoneyCap): MoneyCap => ({ ...cap, limit: unlimited }) : null;
    for (const laterMs of again) {
      time.at(setting.faultsEndAt + laterMs, () => this.#change(raised ? this.#now.map(raised) : []));
    }
  }

  /** What a worker that boots now was started with; null: a configuration without such a section. */
  ofWorker(): readonly MoneyCap[] | null {
    const { random, setting, time } = this.#world;
    if (!setting.hasCaps) return null;
    if (time.now >= setting.faultsEndAt) return this.#now;
    return random.chance(0.6) ? this.#now : random.chance(0.5) ? this.#before : null;
  }

  #draw(): MoneyCap[] {
    const { random } = this.#world;
    const count = random.between(1, 4);
    const drawn = Array.from({ length: count }, () => {
      const limit = fromNanodollars(random.between(20_000, 300_000) * this.#factor);
      return { scope: this.#scope(), period: random.pick<CapPeriod>(['total', 'day', 'month']), limit };
    });
    return [...new Map(drawn.map(cap => [`${cap.scope}|${cap.period}`, cap])).values()];
  }

  #scope(): string {
    const { random } = this.#world;
    const scopes = [fleetMoney, ...simulatedTenants.map(tenantMoney), ...simulatedTasks.map(taskMoney)];
    return random.pick(scopes);
  }

  /** A day, or the month, whose money is spent already: nothing goes in this scope until it turns. */
  #fullDay(): MoneyCap[] {
    const [scope, period] = [this.#scope(), this.#world.random.pick<CapPeriod>(['day', 'month'])];
    this.#world.hit('day full from the start');
    const spent = { kind: 'PRIME', id: 'spent', account: accountName, prefix: 'x', nonce: 'n' } as const;
    void this.#append({ ...spent, reserve: { [scope]: fullDayLimit } });
    return [{ scope, period, limit: fullDayLimit }];
  }

  #change(caps: readonly MoneyCap[]): void {
    this.#world.hit('caps changed');
    const kept = new Set(caps.map(({ scope, period }) => `${scope}|${period}`));
    const left = this.#now.filter(({ scope, period }) => !kept.has(`${scope}|${period}`));
    // What an older configuration put back leaves as well.
    const old = this.#before.filter(({ scope, period }) => !kept.has(`${scope}|${period}`));
    this.#before = [...this.#now, ...this.#before];
    this.#now = caps;
    void this.#append(...[...left, ...old].map(cap => asRecord({ ...cap, limit: null })), ...caps.map(asRecord));
  }

  #append(...records: JournalRecord[]): Promise<unknown> {
    const encoded = records.map(record => ({ key: null, value: encodeJournal(record), headers: {} }));
    return this.#broker.operator.append({ topic: 'journal', partition: 0, records: encoded });
  }
}

/** More than all documents of a run can cost. */
const fullDayLimit = fromNanodollars(50_000_000);

const asRecord = ({ scope, period, limit }: Omit<MoneyCap, 'limit'> & { limit: number | null }): JournalRecord => ({
  kind: 'CAP',
  scope,
  period,
  limit,
});
