import type { FaultInjector } from '../faults/fault-injector.ts';
import type { BatchRecord } from './batch-record.ts';
import { type BatchTimingOptions, planTiming } from './batch-timing.ts';
import { makeId } from './seeded-random.ts';

export interface PlanRecordOptions
  extends Pick<BatchRecord, 'seq' | 'workspace' | 'version' | 'isForeign' | 'itemCount'> {
  now: number;
  timing: BatchTimingOptions;
  faults: FaultInjector;
}

const accountShareByDefault = 0.5;

/** A new batch with all that is drawn for it. A foreign one has no account trouble: nobody reads its results. */
export function planRecord({ now, timing, faults, ...given }: PlanRecordOptions): BatchRecord {
  const refused = given.isForeign ? null : faults.fires('batch-account', given.seq);
  return {
    ...given,
    id: makeId('msgbatch', timing.seed, given.seq),
    ...planTiming(given.seq, now, timing, faults),
    cancelAt: null,
    stopsAt: null,
    endedAt: null,
    counts: null,
    lineCount: 0,
    accountShare: refused ? (refused.share ?? accountShareByDefault) : 0,
    hugeLine: null,
    isArchived: false,
    isDeleted: false,
  };
}
