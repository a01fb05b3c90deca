import type { FaultInjector } from '../faults/fault-injector.ts';
import type { BatchRecord } from './batch-record.ts';
import { drawUnit } from './seeded-random.ts';

/** How long batches take, before the time scale: even between two bounds, or as the provider's are. */
export type LatencyProfile = 'provider-like' | { minMs: number; maxMs: number };

export interface BatchTimingOptions {
  seed: number;
  /** Divides every duration of the provider. */
  timeScale: number;
  latency: LatencyProfile;
}

const hourMs = 3_600_000;
export const expiryMs = 24 * hourMs;
export const retentionMs = 29 * 24 * hourMs;
const listLagByDefaultMs = 5_000;
const stuckFactorByDefault = 100;
const cancelDelayMaxMs = 30_000;

export type BatchTiming = Pick<
  BatchRecord,
  'createdAt' | 'visibleAt' | 'startsFromAt' | 'startsWithinMs' | 'dueAt' | 'expiresAt' | 'archivesAt'
>;

/** Draws the whole future of a batch at its create, faults included, so that a restart changes nothing. */
export function planTiming(seq: number, now: number, options: BatchTimingOptions, faults: FaultInjector): BatchTiming {
  const { seed, timeScale } = options;
  const lag = faults.fires('list-lag', seq);
  const stuck = faults.fires('batch-stuck', seq);
  const whole = Math.ceil(
    (drawLatencyMs(seq, options) * (stuck ? (stuck.factor ?? stuckFactorByDefault) : 1)) / timeScale,
  );
  const expiresAt = now + Math.ceil(expiryMs / timeScale);
  const times = {
    createdAt: now,
    visibleAt: now + (lag ? (lag.delayMs ?? listLagByDefaultMs) / timeScale : 0),
    expiresAt,
    archivesAt: now + Math.ceil(retentionMs / timeScale),
  };
  if (faults.fires('batch-expire-empty', seq)) {
    return { ...times, startsFromAt: expiresAt + 1, startsWithinMs: 1, dueAt: expiresAt + 1 };
  }
  if (faults.fires('batch-expire-partial', seq)) {
    const twice = 2 * (expiresAt - now);
    return { ...times, startsFromAt: now, startsWithinMs: twice, dueAt: now + twice };
  }
  // Some batches start all items at once and some one after another: the cache hits of 30 % to 98 % come from that.
  const spread = 0.02 + 0.88 * drawUnit(seed, 'spread', seq);
  return { ...times, startsFromAt: now + 0.05 * whole, startsWithinMs: spread * whole, dueAt: now + whole };
}

/** When the batch ends, as far as known now. */
export function endOf(record: BatchRecord): number {
  return Math.min(record.dueAt, record.expiresAt);
}

export function itemStart(record: BatchRecord, index: number, seed: number): number {
  return record.startsFromAt + record.startsWithinMs * drawUnit(seed, 'start', record.seq, index);
}

/** What became of an item when its batch has ended. */
export function itemFate(record: BatchRecord, startsAt: number): 'executed' | 'canceled' | 'expired' {
  if (record.stopsAt !== null && startsAt > record.stopsAt) return 'canceled';
  return startsAt <= endOf(record) ? 'executed' : 'expired';
}

/** The record after a cancel: what has started is finished, the rest is canceled, unless the cancel comes too late. */
export function withCancel(
  record: BatchRecord,
  now: number,
  { seed, timeScale }: BatchTimingOptions,
  isTooLate: boolean,
): BatchRecord {
  if (isTooLate) return { ...record, cancelAt: now };
  const delayMs = Math.ceil((drawUnit(seed, 'cancel', record.seq) * cancelDelayMaxMs) / timeScale);
  return { ...record, cancelAt: now, stopsAt: now, dueAt: Math.min(record.dueAt, now + delayMs) };
}

const medianMs = 7 * 60_000;
/** ln(60/7) over the 90 % quantile of the normal distribution: median 7 min, p90 1 h. */
const sigma = Math.log(60 / 7) / 1.281_55;

function drawLatencyMs(seq: number, { seed, latency }: BatchTimingOptions): number {
  const unit = drawUnit(seed, 'latency', seq);
  if (latency !== 'provider-like') return latency.minMs + unit * (latency.maxMs - latency.minMs);
  const radius = Math.sqrt(-2 * Math.log(1 - unit));
  const normal = radius * Math.cos(2 * Math.PI * drawUnit(seed, 'latency-angle', seq));
  return Math.min(expiryMs * 1.1, Math.max(10_000, medianMs * Math.exp(sigma * normal)));
}
