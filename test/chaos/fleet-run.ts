import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '#test/support/wait-until.ts';
import { auditFleet } from './fleet-audit.ts';
import { commonViolations, type FleetReport } from './fleet-report.ts';
import { type FleetWorld, type FleetWorldOptions, partitions, startFleetWorld } from './fleet-world.ts';
import { listOffsets } from './list-offsets.ts';

export interface FleetRunOptions {
  /** Of faults. */
  seconds: number;
  /** Without faults, before them: what the rate is compared with. */
  faultlessSeconds: number;
  seed: number;
  /** After the faults: in that time the full rate has to come back. 0: nobody waits for it. */
  recoverySeconds: number;
  /** Documents a second at most. */
  perSecond: number;
  /** Of what a scenario can do, only what has this in its name. */
  only?: string | undefined;
  /** Keeps the folder with every log, whatever comes out. */
  isKept?: boolean;
  onProgress?: ((text: string) => void) | undefined;
}

/** What a scenario is told while it disturbs the fleet. */
export interface Disturbance {
  /** When it has to stop, on the monotonic clock. */
  untilOn: number;
  only: string;
  say(text: string): void;
}

/** What it did. */
export interface Disturbed {
  kills: number;
  /** Moments from which on the full rate has to come back; none: the end of the faults. */
  faultedOn: readonly number[];
  more: Readonly<Record<string, unknown>>;
  /** What it saw itself that must not be. */
  violations: readonly string[];
}

export interface LookedAfter {
  more: Readonly<Record<string, unknown>>;
  violations: readonly string[];
  /**
   * A transaction that Kafka itself never ends hides what lies behind it (protocol §1), from the audit too: what nobody can see is
   * not counted as lost or open, but named by the scenario. Twice or bought twice is forbidden all the same.
   */
  standsStill?: boolean;
}

export interface Scenario {
  name: string;
  world: Pick<FleetWorldOptions, 'workers' | 'faults' | 'isProxied' | 'brokerSessionTimeoutMs'>;
  disturb(world: FleetWorld, disturbance: Disturbance): Promise<Disturbed>;
  /** What has to be looked up when all is done, with the workers ended and the servers still there. */
  lookAfter?(world: FleetWorld): Promise<LookedAfter>;
  /** What this scenario promises beside losing, doubling and buying twice nothing. */
  judge?(report: Omit<FleetReport, 'violations'>): string[];
  /** Raw copies of a terminal record are counted, not forbidden: the first of a rid is what our reader shows. */
  mayCopyRaw?: boolean;
}

const warmUpWithinMs = 60_000;
const warmAnswers = 150;
/** What piled up while it started is answered first. */
const warmUpMs = 2_000;
/** Then what is open has to be answered: longer than any wait of the protocol at this time scale. */
const drainWithinMs = 180_000;
/** Of the faultless rate. */
const fullRate = 0.9;
const rateWindowMs = 4_000;

/** Brings a fleet up, measures it, disturbs it, lets it recover and finish, and has `flotilla audit` count. */
export async function runFleetScenario(scenario: Scenario, options: FleetRunOptions): Promise<FleetReport> {
  const { seed, perSecond } = options;
  const world = await startFleetWorld({ ...scenario.world, seed, perSecond, openMax: Math.max(1_000, 5 * perSecond) });
  let isEvidence = true;
  try {
    const report = await run(world, scenario, options);
    isEvidence = report.violations.length > 0 || options.isKept === true;
    if (isEvidence) options.onProgress?.(`see ${world.folder}`);
    return report;
  } catch (cause) {
    throw new Error(`${String(cause)}\nsee ${world.folder}`, { cause });
  } finally {
    await world.close(isEvidence);
  }
}

async function run(world: FleetWorld, scenario: Scenario, options: FleetRunOptions): Promise<FleetReport> {
  const { results, publisher } = world;
  const startedOn = performance.now();
  const say = (text: string): void =>
    options.onProgress?.(
      `${((performance.now() - startedOn) / 1_000).toFixed(1).padStart(6)} s ${String(results.answered).padStart(7)} ${text}`,
    );
  await waitUntil('first answers', () => results.answered >= warmAnswers, { withinMs: warmUpWithinMs });
  await sleep(warmUpMs);
  const measuredFrom = performance.now();
  await sleep(options.faultlessSeconds * 1_000);
  const from = performance.now();
  const rateFaultless = results.series.rate(measuredFrom, from);
  say(`${rateFaultless.toFixed(0)} answers a second without faults`);

  const disturbed = await scenario.disturb(world, {
    untilOn: from + options.seconds * 1_000,
    only: options.only ?? '',
    say,
  });
  const to = performance.now();
  const rateDuring = results.series.rate(from, to);
  say(`${rateDuring.toFixed(0)} answers a second during ${((to - from) / 1_000).toFixed(0)} s of faults`);
  const wanted = fullRate * rateFaultless;
  const recovery = (): number | null => recoveredAfterMs(world, { faultedOn: disturbed.faultedOn, to, wanted });
  await waitUntil('the full rate', () => recovery() !== null, { withinMs: options.recoverySeconds * 1_000 }).catch(
    () => {},
  );

  await publisher.stop();
  const publishedUntil = performance.now();
  await waitUntil('all answers', () => isAllAnswered(world), { withinMs: drainWithinMs }).catch(() =>
    say('not all is answered'),
  );
  const restMs = Math.round(performance.now() - publishedUntil);
  say(`the rest was answered in ${restMs} ms`);
  await world.endWorkers();
  const found = await scenario.lookAfter?.(world);
  const audit = await auditFleet(world);
  const named = [...world.namedDeaths.values()].reduce((sum, count) => sum + count, 0);
  const report = {
    scenario: scenario.name,
    seed: options.seed,
    seconds: rounded((to - from) / 1_000),
    workers: world.workers.length,
    kills: disturbed.kills + named,
    named,
    documents: audit.documents,
    answered: audit.answered,
    deadLettered: audit.deadLettered,
    lost: audit.lost,
    duplicated: scenario.mayCopyRaw ? 0 : audit.duplicated,
    boughtTwice: audit.boughtTwice,
    unaccounted: audit.unaccounted,
    wrong: results.wrong.length,
    rateFaultless: rounded(rateFaultless),
    rateDuring: rounded(rateDuring),
    ratio: rateFaultless === 0 ? 0 : Math.round((100 * rateDuring) / rateFaultless) / 100,
    longestStallMs: results.series.longestStallMs(from, to),
    recoveredAfterMs: recovery(),
    unexpectedEnds: world.unexpectedEnds.length,
    more: {
      ...disturbed.more,
      ...found?.more,
      restMs,
      publishFailures: publisher.failures,
      rawCopies: results.copies.length,
      ...(world.namedDeaths.size > 0 ? { byCrashPoint: Object.fromEntries([...world.namedDeaths].sort()) } : {}),
      ...(world.proxies ? { proxies: countsOf(world) } : {}),
      ...(world.unexpectedEnds.length > 0 ? { ends: world.unexpectedEnds } : {}),
    },
  };
  const unread = audit.answered + audit.deadLettered - results.answered;
  const seen = { ...report, lost: 0, documents: report.answered + report.deadLettered };
  const violations = [
    ...commonViolations(found?.standsStill ? seen : report),
    ...(unread > 0 ? [`a reader of the results has not seen ${unread} of those that the audit sees`] : []),
    ...(found?.standsStill ? [] : audit.examples),
    ...results.wrong.slice(0, 5),
    ...results.copies.filter(({ isIdentical }) => !isIdentical).map(({ rid }) => `${rid} has two different answers`),
    ...disturbed.violations,
    ...(found?.violations ?? []),
    ...(scenario.judge?.(report) ?? []),
  ];
  return { ...report, violations };
}

/** Counted in the topic: a send that nobody acknowledged may have landed, and is a document then as well. */
async function isAllAnswered({ results, kafka, topic }: FleetWorld): Promise<boolean> {
  const broker = kafka.brokers[0] as string;
  const ends = await listOffsets({ broker, topic: topic('documents'), partitions, isolation: 'all' });
  return results.answered >= ends.reduce((sum, end) => sum + end, 0);
}

/** The longest of all faults' recoveries. A fault that comes before the one before was over counts from the first. */
function recoveredAfterMs(
  { results }: FleetWorld,
  { faultedOn, to, wanted }: { faultedOn: readonly number[]; to: number; wanted: number },
): number | null {
  const until = performance.now();
  let longest = 0;
  for (const from of faultedOn.length > 0 ? faultedOn : [to]) {
    const took = results.series.recoveredAfterMs({ from, to: until, wanted, windowMs: rateWindowMs });
    if (took === null) return null;
    longest = Math.max(longest, took);
  }
  return Math.round(longest);
}

const countsOf = ({ proxies }: FleetWorld): Record<string, unknown> =>
  Object.fromEntries(Object.entries(proxies ?? {}).map(([name, proxy]) => [name, proxy.counts()]));

const rounded = (value: number): number => Math.round(10 * value) / 10;
