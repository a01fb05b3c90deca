import { randomUUID } from 'node:crypto';
import { createMemoryWorkQueue } from '#adapters/memory/create-memory-work-queue.ts';
import { systemClock } from '#adapters/system/system-clock.ts';
import { roleNames } from '#contracts/roles.ts';
import type { Loop } from '#runtime/loop.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import { type RolesOptions, type RunningRoles, startRoles } from './start-roles.ts';

export interface EngineOptions
  extends Omit<RolesOptions, 'roles' | 'worker' | 'incarnation' | 'queue' | 'clock' | 'viewStart' | 'housekeeping'> {
  /** What else this machine's engine does now and then. */
  housekeeping: (follower: ViewFollower) => Loop[];
}

/** All services of one machine in one process, over one view. */
export type Engine = RunningRoles;

/**
 * Starts accumulator, submitter, poller and sweeper. The caller holds the engine lock.
 * @throws FlotillaError log-recreated | log-newer | invalid-config | log-unavailable
 */
export const startEngine = ({ housekeeping, ...options }: EngineOptions): Promise<Engine> =>
  startRoles({
    ...options,
    roles: new Set(roleNames),
    worker: 'engine',
    incarnation: randomUUID(),
    queue: createMemoryWorkQueue({ clock: systemClock }),
    clock: systemClock,
    housekeeping: ({ follower }) => housekeeping(follower),
  });
