import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaKeys } from '#test/support/fault-proxy/kafka-requests.ts';
import type { LinkFaults, Range } from '#test/support/fault-proxy/link-faults.ts';
import type { Scenario } from './fleet-run.ts';
import { noProviderFaults, workersOfSix } from './fleet-settings.ts';

/** How long one kind of network lasts, and the good one after it. */
const badMs = 4_000;
const goodMs = 3_000;
const afterBytes: Range = [0, 40_000];

/** What a network does. Each is put in front of broker, Redis and provider in turn, in an order drawn from the seed. */
const networks: Readonly<Record<string, LinkFaults>> = {
  slow: { delayMs: [50, 400] },
  narrow: { bytesPerSecond: 50_000 },
  cut: { cut: { probability: 0.7, afterBytes } },
  reset: { reset: { probability: 0.7, afterBytes } },
  'deaf server': { halfOpen: { probability: 0.5, afterBytes, way: 'to-server' } },
  'deaf client': { halfOpen: { probability: 0.5, afterBytes, way: 'to-client' } },
  'never answers': { halfOpen: { probability: 0.5, afterBytes: [0, 0], way: 'both' } },
  blackhole: { blackhole: true },
  refuse: { refuse: true },
};

/** What Kafka's transactions and its readers depend on, alone (K8, K4). */
const kafkaNetworks: Readonly<Record<string, LinkFaults>> = {
  'late ends of transactions': {
    lateRequests: { keys: [kafkaKeys.addPartitionsToTxn, kafkaKeys.endTxn], delayMs: [500, 6_000] },
  },
  'late fetches': { lateRequests: { keys: [kafkaKeys.fetch], delayMs: [2_000, 8_000] } },
  'late heartbeats': { lateRequests: { keys: [kafkaKeys.heartbeat], delayMs: [5_000, 15_000] } },
};

const networksOf = (door: string): Readonly<Record<string, LinkFaults>> =>
  door === 'kafka' ? { ...networks, ...kafkaNetworks } : networks;

/** A network between the workers and each of their servers that delays, cuts, resets, swallows and holds. */
export const fleetProxy: Scenario = {
  name: 'fleet-proxy',
  world: { workers: workersOfSix, faults: noProviderFaults, isProxied: true, brokerSessionTimeoutMs: 6_000 },
  async disturb({ proxies, random }, { untilOn, only, say }) {
    if (!proxies) throw new Error('there is no proxy to disturb');
    const doors = Object.entries(proxies);
    let trials: Trial[] = [];
    const done: string[] = [];
    while (performance.now() + badMs < untilOn) {
      if (trials.length === 0)
        trials = allTrials(Object.keys(proxies), random).filter(trial => nameOf(trial).includes(only));
      const trial = trials.pop();
      if (!trial) throw new Error(`no network is called ${only}`);
      const { door, network } = trial;
      const proxy = doors.find(([name]) => name === door)?.[1];
      say(nameOf(trial));
      proxy?.setFaults(networksOf(door)[network] ?? {});
      if (network === 'refuse') proxy?.resetAll();
      await sleep(badMs);
      proxy?.setFaults({});
      done.push(nameOf(trial));
      await sleep(Math.min(goodMs, Math.max(0, untilOn - performance.now())));
    }
    return { kills: 0, faultedOn: [], more: { networks: done.length, kinds: new Set(done).size }, violations: [] };
  },
};

interface Trial {
  door: string;
  network: string;
}

const nameOf = ({ door, network }: Trial): string => `${door}: ${network}`;

function allTrials(doors: readonly string[], random: () => number): Trial[] {
  const all = doors.flatMap(door => Object.keys(networksOf(door)).map(network => ({ door, network, order: random() })));
  return all.sort((a, b) => a.order - b.order);
}
