import type { Role } from '#contracts/roles.ts';
import {
  type WorkerHint,
  workerHintEveryMs,
  workerHintLanesMax,
  workerHintName,
  workerHintTtlMs,
} from '#contracts/worker-hint.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Clock } from '#ports/clock.ts';
import type { Hints } from '#ports/hints.ts';
import type { Loop, Trouble } from './loop.ts';

export interface WorkerHintSource {
  hints: Hints;
  clock: Clock;
  /** What does not change during one life. */
  facts: Omit<
    WorkerHint,
    | 'roles'
    | 'seenAt'
    | 'isDraining'
    | 'lanes'
    | 'laneCount'
    | 'laneItems'
    | 'parked'
    | 'capped'
    | 'journalOffset'
    | 'troubles'
  > & { roles: readonly Role[] };
  isDraining: () => boolean;
  openLanes: () => WorkerHint['lanes'];
  parked: () => number;
  capped?: () => number;
  journalOffset: () => number;
  troubles: () => Trouble[];
}

/** Says every few seconds that this process is alive, and how full its lanes are. */
export const workerHintLoop = (source: WorkerHintSource): Loop => ({
  name: 'hint',
  async round(signal) {
    await source.hints.put(workerHintName(source.facts.worker), workerHint(source), workerHintTtlMs);
    await source.clock.sleep(workerHintEveryMs, signal);
  },
});

function workerHint({ facts, clock, ...source }: WorkerHintSource): WorkerHint {
  const lanes = source.openLanes();
  return {
    ...facts,
    roles: [...facts.roles],
    seenAt: clock.now(),
    isDraining: source.isDraining(),
    lanes: lanes.sort((a, b) => b.items / b.itemsMax - a.items / a.itemsMax).slice(0, workerHintLanesMax),
    laneCount: lanes.length,
    laneItems: lanes.reduce((sum, { items }) => sum + items, 0),
    parked: source.parked(),
    capped: source.capped?.() ?? 0,
    journalOffset: source.journalOffset(),
    troubles: source.troubles().map(({ loop, error }) => {
      return { loop, code: error instanceof FlotillaError ? error.code : 'internal' };
    }),
  };
}
