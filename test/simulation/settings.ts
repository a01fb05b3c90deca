import { primesPerHourDefault } from '#contracts/config-defaults.ts';
import type { CacheMode } from '#core/prompt-cache/cache-plan.ts';
import type { Timing } from '#core/timing.ts';

/** A situation to survive. What is absent is as in `base`. */
export interface Setting {
  hasLabels: boolean;
  /** Chance that a create finds a batch of somebody else, of the same size, beside it. */
  foreign: number;
  /** Shortest and longest life of a batch at the provider. */
  lifeMs: readonly [number, number];
  /** Faults end here; from then on everything has to drain. */
  faultsEndAt: number;
  /** What it may take after that. */
  patienceMs: number;
  documents: number;
  /** Every other document comes so much later: between them there is time to hold the books against the bill. */
  lullMs: number;
  workers: number;
  /** Money is capped by fleet, tenant and task, per day, month and in total; documents have tenants and two tasks. */
  hasCaps: boolean;
  /** Tasks give answers again, and many documents ask for the same, of two tenants and of none. */
  reusesAnswers: boolean;
  /** What the configuration says of the cache; `drawn`: each of the three, by the seed. */
  cache: CacheMode | 'drawn';
  /** One of these is what the configuration says of primes: most seeds need no more than two. */
  primesPerHour: readonly number[];
  /** False: nothing befalls anybody, but what a sweep chooses. */
  hasFaults: boolean;
  /** The provider's expiry, retention and delays are divided by this. */
  providerScale: number;
  /** Biases that make rare plots likely: how many times as often; 1 in the settings themselves. */
  oddAppends: number;
  oddCommits: number;
  swappedIds: number;
  queueLosses: number;
  doubleTakes: number;
  stalls: number;
  shortLists: number;
  brokerClocks: number;
  tightCaps: number;
  wrongKeys: number;
  wrongClocks: number;
  /** A crash point where freezes are frequent. */
  freezeAt: string | null;
  areClocksAhead: boolean;
  /** Whatever the queue loses, the journal loses too. */
  isLedgerInQueue: boolean;
  /** The residual hole of protocol §1: frozen between the last look at the deadline and the write. */
  pausesAtSend: boolean;
  /** Instead of the usual plan of the provider's faults. */
  plan: 'usual' | 'every' | 'ambiguous' | 'results' | 'sweep';
}

const base: Setting = {
  hasLabels: false,
  foreign: 0.02,
  lifeMs: [3_000, 40_000],
  faultsEndAt: 180_000,
  patienceMs: 900_000,
  documents: 40,
  lullMs: 0,
  workers: 3,
  hasCaps: false,
  reusesAnswers: false,
  cache: 'drawn',
  primesPerHour: [primesPerHourDefault, 1, 2],
  hasFaults: true,
  providerScale: 1_440,
  oddAppends: 1,
  oddCommits: 1,
  swappedIds: 1,
  queueLosses: 1,
  doubleTakes: 1,
  stalls: 1,
  shortLists: 1,
  brokerClocks: 1,
  tightCaps: 1,
  wrongKeys: 1,
  wrongClocks: 1,
  freezeAt: null,
  areClocksAhead: false,
  isLedgerInQueue: false,
  pausesAtSend: false,
  plan: 'usual',
};

const long = {
  lifeMs: [60_000, 600_000],
  foreign: 0.1,
  faultsEndAt: 600_000,
  patienceMs: 12_000_000,
  providerScale: 72,
} as const;

const lull = { lullMs: 500_000, faultsEndAt: 700_000, documents: 60, plan: 'every' } as const;

const change = (changes: Partial<Setting>): Setting => ({ ...base, ...changes });

export const settings = {
  base,
  labels: change({ hasLabels: true }),
  foreign10: change({ foreign: 0.1 }),
  foreign30: change({ foreign: 0.3 }),
  labelsForeign30: change({ hasLabels: true, foreign: 0.3 }),
  long: change(long),
  labelsLong: change({ ...long, hasLabels: true }),
  caps: change({ hasCaps: true, workers: 4, documents: 50 }),
  reuse: change({ reusesAnswers: true, documents: 60 }),
  cache: change({ cache: 'on', documents: 60 }),
  ledger: change({
    cache: 'on',
    documents: 500,
    plan: 'every',
    patienceMs: 12_000_000,
    primesPerHour: [primesPerHourDefault],
  }),
  lull: change({ ...lull, cache: 'on' }),
  lullCaps: change({ ...lull, hasCaps: true }),
  cacheCaps: change({ cache: 'on', hasCaps: true, workers: 4, documents: 60 }),
} satisfies Record<string, Setting>;

/** People and weather, beside what the provider does wrong. */
export const hasWeather = ({ plan }: Setting): boolean => plan === 'usual' || plan === 'every';

export type SettingName = keyof typeof settings;
export const settingNames = Object.keys(settings) as SettingName[];

/** Which setting a seed of the mix has. The long ones cost as much as three others, so they come less often. */
const mix: readonly SettingName[] = [
  ...([
    'base',
    'labels',
    'foreign10',
    'foreign30',
    'base',
    'labelsForeign30',
    'base',
    'labels',
    'foreign10',
    'long',
  ] as const),
  ...([
    'base',
    'labels',
    'foreign30',
    'base',
    'labelsForeign30',
    'base',
    'labels',
    'foreign10',
    'base',
    'labelsLong',
  ] as const),
  ...(['caps', 'base', 'cacheCaps', 'labels', 'cache', 'reuse', 'reuse', 'lull', 'lullCaps'] as const),
];

export const settingOfSeed = (seed: number): SettingName => mix[seed % mix.length] as SettingName;

/**
 * Protocol §7 in the small: the ratios that matter are kept (T_settle over T_http and what lands late, skew over all
 * clocks together), and a run takes minutes of virtual time.
 */
export const simulationTiming: Timing = {
  sendMs: 5_000,
  httpMs: 8_000,
  httpPerMbMs: 1_000,
  skewMs: 36_000, // more than twice `clockOffMs` and T_send: a stamp and the provider may each be that far from us
  settleMs: 60_000,
  sweepMs: 20_000,
  lookMinMs: 2_000,
  lookMaxMs: 15_000,
  clockOffMs: 15_000,
  lostLinesMs: 15_000,
  readAgainMinMs: 2_000,
  readAgainMaxMs: 8_000,
  goneMs: 60_000,
  breakerMinMs: 4_000,
  breakerMaxMs: 20_000,
  scale: 10,
};

/** How late a create may land, and how late a batch may be listed. */
export const landsLateMaxMs = 30_000;
export const listLagMaxMs = 3_000;
