import type { FaultPlan } from '../faults/fault-kinds.ts';
import type { SimulatorStore } from '../store/simulator-store.ts';
import type { BatchRecord } from './batch-record.ts';
import type { LatencyProfile } from './batch-timing.ts';

export interface MachineOptions {
  store: SimulatorStore;
  seed?: number;
  /** k divides every duration of the provider: latency, 24 h, retention, cache TTL, delays of faults. */
  timeScale?: number;
  latency?: LatencyProfile;
  faults?: FaultPlan;
  faultyReadsMax?: number;
  requestsMax?: number;
  bytesMax?: number;
  /** Items of one workspace in batches that have not ended. */
  queuedRequestsMax?: number;
  /** How long after its start a request's cache entry can be read, before the time scale. */
  cacheWriteLatencyMs?: number;
  /** Of the reads that an entry could serve, the share it does serve; the rest lands where nothing is cached. */
  cacheHitShare?: number;
}

/** Who asks, and when: ms since the epoch, by the provider's clock. */
export interface Caller {
  workspace: string;
  now: number;
}

/** One read of results. Chunks come from the store as they are asked for. */
export interface ResultsRead {
  record: BatchRecord;
  readNumber: number;
  otherBatchId: string | null;
  chunks: Iterable<readonly string[]>;
}
