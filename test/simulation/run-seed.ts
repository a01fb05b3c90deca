import { createMemoryPayloadStore } from '#adapters/memory/create-memory-payload-store.ts';
import { adjustBooks, scheduleAdjusting } from './adjust-books.ts';
import { type Broker, createBroker } from './broker.ts';
import { CapWatch } from './cap-watch.ts';
import { checkAdjusted } from './checks/check-adjusted.ts';
import { checkBooks } from './checks/check-books.ts';
import { checkCaps } from './checks/check-caps.ts';
import { checkCuts } from './checks/check-cuts.ts';
import { checkPayloads } from './checks/check-payloads.ts';
import { checkPrimes } from './checks/check-primes.ts';
import { checkPurchases } from './checks/check-purchases.ts';
import { checkReplay } from './checks/check-replay.ts';
import { checkReuse } from './checks/check-reuse.ts';
import { checkTerminals } from './checks/check-terminals.ts';
import { ConsumerGroup } from './consumer-group.ts';
import { Documents } from './documents.ts';
import { Fates, type SingleFault } from './fate.ts';
import { createFaultyAnswers } from './faulty-answers.ts';
import { createFaultyPayloads } from './faulty-payloads.ts';
import { type LedgerFigures, ledgerOf } from './ledger-of.ts';
import { MoneyCaps } from './money-caps.ts';
import { scheduleOperator } from './operator.ts';
import { drawPrefixes, type Prefixes } from './prefixes.ts';
import { ProviderWorld } from './provider-world.ts';
import type { Setting } from './settings.ts';
import { SimulatedQueue } from './simulated-queue.ts';
import { Truth } from './truth.ts';
import { Worker } from './worker.ts';
import { World } from './world.ts';

/** Everything of one run that a check may look at. */
export interface Run {
  world: World;
  broker: Broker;
  provider: ProviderWorld;
  documents: Documents;
  truth: Truth;
  prefixes: Prefixes;
}

const checks = [
  checkTerminals,
  checkPurchases,
  checkPrimes,
  checkPayloads,
  checkBooks,
  checkAdjusted,
  checkCaps,
  checkCuts,
  checkReuse,
  checkReplay,
];

export interface RunResult {
  seed: number;
  violations: string[];
  fired: Record<string, number>;
  visits: ReadonlyMap<string, number>;
  hash: string;
  /** Events of the queue, crash points passed, virtual milliseconds. */
  steps: number;
  passes: number;
  now: number;
  creates: number;
  ledger: LedgerFigures;
  lines: string[] | null;
}

const drainCheckEvery = 64;
const payloadBytesMax = 1_000_000;
/** More than our clock may be off, and a minute. */
const adjustLaterMs = 180_000;

/** One run of the real services in one world; the same seed and setting give the same run. */
export async function runSeed(options: {
  seed: number;
  setting: Setting;
  isTraced?: boolean;
  single?: SingleFault | null;
}): Promise<RunResult> {
  const { seed, setting, isTraced = false, single = null } = options;
  const world = new World({ seed, setting, isTraced });
  const broker = createBroker(world);
  const provider = new ProviderWorld(world);
  const queue = new SimulatedQueue(world);
  const group = new ConsumerGroup(world, broker);
  const fates = new Fates(world, single);
  const truth = new Truth(world, broker);
  const prefixes = drawPrefixes(world);
  const documents = new Documents(world, broker, { areCrowded: prefixes.areLong });
  const caps = new CapWatch({ world, broker, provider, truth });
  const payloads = createFaultyPayloads(world, createMemoryPayloadStore({ bytesMax: payloadBytesMax }));
  const answers = createFaultyAnswers(world);
  const moneyCaps = new MoneyCaps(world, broker, prefixes.moneyFactor);
  const around = { world, broker, provider, queue, payloads, answers, group, fates, prefixes, moneyCaps };
  const fleet = Array.from({ length: setting.workers }, (_, number) => new Worker(number, around));

  const killAll = (): void => {
    for (const worker of fleet) worker.kill();
  };
  moneyCaps.schedule();
  const { moneyFactor } = prefixes;
  scheduleOperator({ world, broker, provider, queue, documents, truth, caps, killAll, moneyFactor });
  for (const worker of fleet) world.time.at(world.random.between(0, 500), () => worker.boot());
  watchGroup(world, group);
  scheduleAdjusting({ world, broker, provider });
  world.time.at(setting.faultsEndAt, () => endFaults({ world, broker, provider, queue, fleet }));
  await drain({ world, truth, documents });

  // The last batch of somebody else, or of nobody, has come to its end by then.
  await adjustBooks({ world, broker, provider }, { laterMs: setting.lifeMs[1] + adjustLaterMs });
  truth.catchUp();
  const run: Run = { world, broker, provider, documents, truth, prefixes };
  for (const check of checks) check(run);
  for (const [kind, count] of Object.entries(provider.machine.faults.counts())) world.hit(kind, count);
  let passes = 0;
  for (const { visits } of fates.points.values()) passes += visits;
  return {
    seed,
    violations: [...world.violations],
    fired: Object.fromEntries(world.fired),
    visits: new Map([...fates.points.values()].map(({ label, visits }) => [label, visits])),
    hash: world.hash.toString(16).padStart(8, '0'),
    steps: world.time.steps,
    passes,
    now: world.time.now,
    creates: provider.creates,
    ledger: ledgerOf(run),
    lines: world.lines,
  };
}

function watchGroup(world: World, group: ConsumerGroup): void {
  world.time.later(1_000, () => {
    group.check();
    watchGroup(world, group);
  });
}

/** From here on nothing goes wrong, the operator has mended what was odd, and the queue has lost everything. */
function endFaults(parts: {
  world: World;
  broker: Broker;
  provider: ProviderWorld;
  queue: SimulatedQueue;
  fleet: Worker[];
}) {
  const { world, broker, provider, queue, fleet } = parts;
  world.note('faults end');
  provider.calm();
  broker.isDown = false;
  queue.clear();
  for (const worker of fleet) if (worker.isOdd) worker.kill();
}

async function drain({ world, truth, documents }: Pick<Run, 'world' | 'truth' | 'documents'>): Promise<void> {
  const { time, setting } = world;
  const end = setting.faultsEndAt + setting.patienceMs;
  let steps = 0;
  await time.run(() => {
    steps += 1;
    if (time.now >= end) return true;
    if (time.now < setting.faultsEndAt || steps % drainCheckEvery !== 0) return false;
    truth.catchUp();
    const arePrimesSettled = [...truth.view.primes.values()].every(({ state }) => state !== 'open');
    return truth.answered.size >= documents.byRid.size && truth.view.batches.size === 0 && arePrimesSettled;
  });
}
