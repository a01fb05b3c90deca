import type { SqliteLog } from '#adapters/sqlite/sqlite-log.ts';
import { oldestOpenOffset } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { Loop } from '#runtime/loop.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import { intakeGroup } from '#services/accumulator/intakes.ts';

export interface PruneOptions {
  log: SqliteLog;
  follower: ViewFollower;
  clock: Clock;
  /** What is younger stays, unless there is no room. */
  keepMs?: number;
  /** Above it answered documents go before their time, the oldest first. */
  logBytesMax?: number;
}

const day = 24 * 3_600_000;
const keepMsDefault = 30 * day;
const logBytesMaxDefault = 20 * 1024 ** 3;
const pruneEveryMs = 3_600_000;

/**
 * Forgets answered documents and delivered answers that are old. The journal and settled stay: who bought what is known
 * for ever. A document that is not answered stays too, whatever its age.
 */
export async function pruneLog(options: PruneOptions): Promise<void> {
  const { log, follower, clock, keepMs = keepMsDefault, logBytesMax = logBytesMaxDefault } = options;
  await follower.catchUpAll();
  const answeredBelow = await firstOpenOffset(options);
  const pruneDocuments = async (since: number): Promise<void> => {
    const old = await log.offsetSince('documents', 0, since);
    await log.prune({ topic: 'documents', partition: 0, below: Math.min(old, answeredBelow) });
  };
  const since = clock.now() - keepMs;
  await pruneDocuments(since);
  for (const topic of ['results', 'dead-letters'] as const) {
    await log.prune({ topic, partition: 0, below: await log.offsetSince(topic, 0, since) });
  }
  // Answers are the product: for want of room only what was asked goes early.
  for (let age = keepMs / 2; age >= pruneEveryMs && (await log.bytes()) > logBytesMax; age /= 2) {
    await pruneDocuments(clock.now() - age);
  }
}

async function firstOpenOffset({ log, follower }: PruneOptions): Promise<number> {
  const watermark = (await log.position(intakeGroup, 'documents', 0))?.offset ?? 0;
  return Math.min(watermark, oldestOpenOffset(follower.view, 0));
}

/** Prunes once an hour. */
export const pruneLoop = (options: PruneOptions): Loop => ({
  name: 'prune',
  async round(signal) {
    await pruneLog(options);
    await options.clock.sleep(pruneEveryMs, signal);
  },
});
