import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#adapters/system/system-clock.ts';
import type { Role } from '#contracts/roles.ts';
import type { CrashHook } from '#runtime/crash-points.ts';
import { LookTurns } from '#runtime/look-turns.ts';
import { readViewSnapshot, snapshotLoop, writeViewSnapshot } from '#runtime/view-snapshot.ts';
import { workerHintLoop } from '#runtime/worker-hints.ts';
import { WorkerPeers } from '#runtime/worker-peers.ts';
import type { Fleet } from './fleet.ts';
import { type RunningRoles, startRoles } from './start-roles.ts';
import { type HandedOver, handOver } from './worker/hand-over.ts';

export interface WorkerOptions {
  fleet: Fleet;
  name: string;
  roles: readonly Role[];
  /** Of this life: unique among all processes. */
  incarnation: string;
  snapshotDirectory: string;
  /** Where its health is served; for screens. */
  url: string | null;
  crashHook: CrashHook | null;
}

/** One process of a fleet, at work. */
export interface Worker {
  running: RunningRoles;
  isDraining(): boolean;
  /** Stops reading, finishes what is under way, leaves the rest to others; at the latest after `limitMs`. */
  drain(limitMs: number): Promise<HandedOver>;
}

/**
 * Starts the roles of one process over a fleet's log, queue and payloads. It may die at any instruction.
 * @throws FlotillaError log-recreated | log-newer | invalid-config | log-unavailable
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { fleet, name, roles, snapshotDirectory, incarnation } = options;
  const { log, hints, telemetry } = fleet;
  const snapshotPath = join(snapshotDirectory, `${fleet.topicPrefix}.view`);
  const viewStart = await readViewSnapshot(snapshotPath, { log, telemetry });
  const startedAt = systemClock.now();
  let isDraining = false;
  const peers = new WorkerPeers({ hints, name, clock: systemClock });
  const running = await startRoles({
    ...fleet,
    roles: new Set(roles),
    worker: name,
    incarnation,
    clock: systemClock,
    crashHook: options.crashHook,
    viewStart,
    turns: new LookTurns({ hints, name, clock: systemClock }),
    shardOwners: peers,
    heldBackElsewhere: () => peers.heldBack(),
    housekeeping: started => [
      snapshotLoop({ path: snapshotPath, follower: started.follower, clock: systemClock, telemetry }),
      workerHintLoop({
        hints,
        clock: systemClock,
        facts: { worker: name, incarnation, roles, host: hostname(), pid: process.pid, startedAt, url: options.url },
        isDraining: () => isDraining,
        openLanes: () => started.openLanes(),
        parked: () => started.parked().length,
        capped: () => started.cappedBatches(),
        journalOffset: () => started.follower.positions.journalOffset,
        troubles: () => started.troubles(),
      }),
      peers.loop(),
    ],
  });
  return {
    running,
    isDraining: () => isDraining,
    async drain(limitMs) {
      isDraining = true;
      const handedOver = await handOver(running, { clock: systemClock, limitMs });
      // The next start on this machine folds less; that it could not be written costs nobody anything.
      if (handedOver.isComplete && !running.follower.view.unknown) {
        await writeViewSnapshot(snapshotPath, running.follower).catch(() => {});
      }
      return handedOver;
    },
  };
}
