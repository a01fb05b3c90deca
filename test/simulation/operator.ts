import { encodeJournal } from '#contracts/journal-codec.ts';
import type { JournalRecord } from '#core/journal.ts';
import { fromNanodollars, unitsPerDollar } from '#core/money.ts';
import type { LogRecord } from '#ports/log.ts';
import type { Broker } from './broker.ts';
import type { CapWatch } from './cap-watch.ts';
import type { Documents } from './documents.ts';
import { accountName, ownerOf, type ProviderWorld, providerBaseUrl } from './provider-world.ts';
import { hasWeather } from './settings.ts';
import type { SimulatedQueue } from './simulated-queue.ts';
import type { Truth } from './truth.ts';
import { epoch, type World } from './world.ts';

export interface OperatorScope {
  world: World;
  broker: Broker;
  provider: ProviderWorld;
  queue: SimulatedQueue;
  documents: Documents;
  truth: Truth;
  caps: CapWatch;
  killAll: () => void;
  /** How much dearer documents are than short ones. */
  moneyFactor: number;
}

/** People and weather: caps, a canceled run, a replay pressed twice, outages, a clock set wrong. */
export function scheduleOperator(scope: OperatorScope): void {
  const { world, caps, documents } = scope;
  const { random, time, setting } = world;
  if (random.chance(0.7)) pinAccount(scope);
  documents.schedule();
  if (!setting.hasFaults || !hasWeather(setting)) return;
  if (random.chance(0.5)) caps.set('items', random.between(5, 15));
  if (random.chance(0.4)) {
    caps.set('money', fromNanodollars(random.between(200_000, 500_000) * scope.moneyFactor));
    time.at(150_000, () => caps.set('money', unitsPerDollar));
  }
  if (random.chance(0.15 * setting.tightCaps))
    time.at(random.between(5_000, 100_000), () => caps.set('items', random.between(2, 4)));
  // Most operators give way in the end; with the others the drain goes through the eye of the needle.
  if (random.chance(0.8)) time.at(setting.faultsEndAt, () => caps.set('items', 1_000));
  if (random.chance(0.3)) time.at(random.between(1_000, 90_000), () => cancelRun(scope));
  time.at(120_000, () => replayTwice(scope));
  scheduleOutages(scope);
  if (random.chance(0.15 * setting.brokerClocks)) scheduleBrokerClock(scope);
}

function append({ broker }: OperatorScope, record: JournalRecord): void {
  const records = [{ key: null, value: encodeJournal(record), headers: {} }];
  void broker.operator.append({ topic: 'journal', partition: 0, records });
}

function pinAccount(scope: OperatorScope): void {
  const record = { kind: 'ACCOUNT', account: accountName, provider: 'anthropic' } as const;
  append(scope, { ...record, baseUrl: providerBaseUrl, owner: ownerOf('main') });
}

function cancelRun(scope: OperatorScope): void {
  scope.world.hit('run canceled');
  append(scope, { kind: 'CANCEL', run: 'B' });
}

const replayed = new Set(['provider-error', 'deadline', 'invalid-request']);

/** One dead letter is replayed, and the button pressed twice: the two records stand on two partitions. */
function replayTwice({ world, truth, documents }: OperatorScope): void {
  truth.catchUp();
  const dead = truth.results.find(({ value, headers }) => {
    if (headers['flotilla-outcome'] === 'succeeded') return false;
    return replayed.has((JSON.parse(Buffer.from(value).toString()) as { cause: string }).cause);
  });
  const rid = dead?.headers['flotilla-rid'];
  if (rid === undefined) return;
  world.hit('dead letter replayed twice');
  for (const partition of [0, 1]) {
    documents.add({ partition, kind: 'good', run: 'A', key: `replay-of-${rid}#1`, replayOf: rid });
  }
}

function scheduleOutages({ world, provider, broker, queue, truth, killAll }: OperatorScope): void {
  const { random, time, setting } = world;
  const outage = (name: string, service: { isDown: boolean }): void => {
    world.hit(`${name} outage`);
    world.note(name, 'is away');
    service.isDown = true;
    time.later(random.between(5_000, 25_000), () => {
      service.isDown = false;
    });
  };
  const lose = (): void => {
    const isFlush = random.chance(0.4);
    world.hit(isFlush ? 'queue flushed' : 'queue lost its last second');
    const lostSince = isFlush ? 0 : time.now - 1_000;
    if (isFlush) queue.clear();
    else queue.loseLastSecond();
    if (!setting.isLedgerInQueue) return;
    loseJournal(broker, lostSince);
    truth.begin();
    killAll();
  };
  const losses = Array.from({ length: 2 * setting.queueLosses }, () => lose);
  const kinds = [() => outage('provider', provider), () => outage('log', broker), ...losses];
  let at = random.between(20_000, 60_000);
  for (; at < setting.faultsEndAt; at += random.between(20_000, 90_000) / setting.queueLosses)
    time.at(at, random.pick(kinds));
}

/** The planted fault of a ledger that lives in the queue's store: every reader begins anew. */
function loseJournal({ cluster }: Broker, since: number): void {
  const journal = cluster.committed('journal', 0) as LogRecord[];
  const kept = journal.filter(record => record.at < epoch + since);
  journal.splice(0, journal.length, ...kept);
}

function scheduleBrokerClock({ world, broker }: OperatorScope): void {
  const { random, time } = world;
  const at = random.between(5_000, 100_000);
  let right = 0;
  time.at(at, () => {
    world.hit('broker clock set');
    right = broker.clockOffsetMs;
    broker.clockOffsetMs = random.between(80_000, 120_000) * (random.chance(0.5) ? 1 : -1);
    world.note('log', 'has its clock set', broker.clockOffsetMs);
  });
  time.at(at + 30_000, () => {
    broker.clockOffsetMs = right;
  });
}
