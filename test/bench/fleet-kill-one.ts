import { setTimeout as sleep } from 'node:timers/promises';
import { workersOfSix } from '#test/chaos/fleet-settings.ts';
import { waitUntil } from '#test/support/wait-until.ts';
import { countAnswers, endOf } from './fleet-answers.ts';
import { publishDocuments } from './fleet-documents.ts';
import { type FleetStage, startFleetStage } from './fleet-stage.ts';
import { formatCount, formatTable } from './format-table.ts';
import { startResponder } from './start-responder.ts';
import { documentBytes } from './write-documents.ts';

/** What the loss of one process did to the rate of all. */
interface Killed {
  roles: string;
  /** Until the rate over 4 s is nine tenths of the faultless one again; null: not within what was watched. */
  recoveredAfterMs: number | null;
  /** Of the faultless rate, from the kill until then, and over 4 s at its lowest. */
  shareMeanwhile: number;
  shareLowest: number;
}

export interface FleetKillOneReport {
  workers: number;
  faultlessPerSecond: number;
  /** The faultless rate over any 4 s, at its lowest, as a share of its mean: how calm the machine was. */
  faultlessLowest: number;
  killed: Killed[];
}

interface Sample {
  on: number;
  answers: number;
}

const sampleMs = 250;
const publishEveryMs = 100;
/** What was published while the workers started is answered by then, at a rate that is not the one of publishing. */
const catchUpMs = 20_000;
const windowMs = 4_000;
const faultlessMs = 20_000;
const watchedMs = 25_000;
const wantedShare = 0.9;

/** Six workers, two of each role; one of each pair is killed with SIGKILL and started again at once. */
export async function measureFleetKillOne(options: {
  documents: number;
  createMs: number;
  /** Published a second from the start of the workers on; null: all before it. */
  perSecond: number | null;
  directory: string;
  onRun(line: string): void;
}): Promise<FleetKillOneReport> {
  const { documents, createMs, perSecond, directory, onRun } = options;
  const responder = await startResponder({ createMs, lifeMs: 500 });
  const config = { lane: { items: 50 }, kafka: { partitions: 6 } };
  const stage = await startFleetStage({ directory, baseUrl: responder.baseUrl, config });
  try {
    if (perSecond === null) await publishDocuments(stage.log, { documents, bytes: documentBytes });
    for (const roles of workersOfSix) stage.startWorker(roles);
    const samples: Sample[] = [];
    const sampling = setInterval(() => void sample(stage, samples), sampleMs);
    const publishing = perSecond === null ? null : publishSteadily(stage, perSecond);
    const report: FleetKillOneReport = {
      workers: workersOfSix.length,
      faultlessPerSecond: 0,
      faultlessLowest: 0,
      killed: [],
    };
    try {
      await waitUntil('the first answers', () => (samples.at(-1)?.answers ?? 0) > 1_000, { withinMs: 120_000 });
      await sleep(perSecond === null ? windowMs : catchUpMs);
      const from = performance.now();
      await sleep(faultlessMs);
      const faultless = rate(samples, from, performance.now());
      report.faultlessPerSecond = faultless;
      report.faultlessLowest = lowest(samples, { from, to: performance.now() }) / faultless;
      onRun(`faultless ${formatCount(faultless)}/s`);
      for (const index of [0, 2, 4]) {
        report.killed.push(await killOne(stage, { index, samples, faultless }));
        onRun(JSON.stringify(report.killed.at(-1)));
        if (perSecond === null && (samples.at(-1)?.answers ?? 0) > documents * 0.95)
          throw new Error('too few documents: it was done before');
      }
    } finally {
      clearInterval(sampling);
      await publishing?.stop();
    }
    const { repeated } = await countAnswers(stage.log);
    if (repeated > 0) throw new Error(`${repeated} answered twice`);
    return report;
  } finally {
    await stage.stop();
    responder.stop();
  }
}

export function formatFleetKillOne(report: FleetKillOneReport): string {
  const rows = report.killed.map(each => [
    each.roles,
    each.recoveredAfterMs === null ? `> ${watchedMs / 1_000}` : (each.recoveredAfterMs / 1_000).toFixed(1),
    each.shareMeanwhile.toFixed(2),
    each.shareLowest.toFixed(2),
  ]);
  return [
    `${report.workers} workers, faultless ${formatCount(report.faultlessPerSecond)} answers/s, over 4 s at the lowest ${report.faultlessLowest.toFixed(2)} of that`,
    formatTable(['killed', 'full rate again after s', 'share meanwhile', 'lowest 4 s'], rows),
    '',
    'targets: full rate ≤ 15 s, meanwhile ≥ 0.6',
  ].join('\n');
}

async function killOne(
  stage: FleetStage,
  { index, samples, faultless }: { index: number; samples: readonly Sample[]; faultless: number },
): Promise<Killed> {
  const worker = stage.workers[index] as FleetStage['workers'][number];
  const killedOn = performance.now();
  worker.process().signal('SIGKILL');
  await worker.process().ended;
  worker.respawn();
  await sleep(watchedMs);
  const now = performance.now();
  let recoveredOn: number | null = null;
  for (let on = killedOn; on + windowMs <= now && recoveredOn === null; on += sampleMs) {
    if (rate(samples, on, on + windowMs) >= wantedShare * faultless) recoveredOn = on;
  }
  const until = recoveredOn === null ? now : Math.max(recoveredOn, killedOn + windowMs);
  return {
    roles: worker.roles.join(', '),
    recoveredAfterMs: recoveredOn === null ? null : recoveredOn - killedOn,
    shareMeanwhile: rate(samples, killedOn, until) / faultless,
    shareLowest: lowest(samples, { from: killedOn, to: until }) / faultless,
  };
}

function publishSteadily({ log }: FleetStage, perSecond: number): { stop(): Promise<void> } {
  const startedOn = performance.now();
  let published = 0;
  let running = Promise.resolve();
  const publishDue = async (): Promise<void> => {
    const due = Math.floor(((performance.now() - startedOn) * perSecond) / 1_000) - published;
    if (due <= 0) return;
    await publishDocuments(log, { documents: due, bytes: documentBytes, from: published });
    published += due;
  };
  const timer = setInterval(() => {
    running = running.then(publishDue);
  }, publishEveryMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Ends are records and markers; that the markers are counted too changes every rate alike. */
async function sample({ log }: FleetStage, samples: Sample[]): Promise<void> {
  const answers = await endOf(log, 'results').catch(() => null);
  if (answers !== null) samples.push({ on: performance.now(), answers });
}

/** Answers a second between two moments. */
function rate(samples: readonly Sample[], from: number, to: number): number {
  const at = (on: number): number => samples.findLast(sample => sample.on <= on)?.answers ?? 0;
  return ((at(to) - at(from)) * 1_000) / (to - from);
}

function lowest(samples: readonly Sample[], { from, to }: { from: number; to: number }): number {
  let least = rate(samples, from, Math.max(to, from + windowMs));
  for (let on = from; on + windowMs <= to; on += sampleMs) least = Math.min(least, rate(samples, on, on + windowMs));
  return least;
}
