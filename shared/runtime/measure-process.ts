import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import { measureView } from './measure-view.ts';
import type { ViewFollower } from './view-follower.ts';

interface ProcessPorts {
  log: Log;
  queue: WorkQueue;
  clock: Clock;
  telemetry: Telemetry;
  follower: ViewFollower;
}

/**
 * Has the gauges that every process can tell set before they are read: what is open by its view, how far the view is
 * behind the log, and what waits in the queues. Each by itself: an engine that is away must not hide the others.
 */
export function measureProcess({ log, queue, clock, telemetry, follower }: ProcessPorts): void {
  const { whenMeasured } = telemetry;
  whenMeasured?.(() => measureView(follower.view, { telemetry, now: clock.now() }));
  whenMeasured?.(async () => {
    const { journalOffset, settledOffsets } = follower.positions;
    const journalEnd = await log.endOffset('journal', 0);
    const ends = await Promise.all(settledOffsets.map((_, partition) => log.endOffset('settled', partition)));
    const settledLag = ends.reduce((sum, end, partition) => sum + behind(end, settledOffsets[partition]), 0);
    telemetry.gauge('flotilla_lag_records', behind(journalEnd, journalOffset), { topic: 'journal' });
    telemetry.gauge('flotilla_lag_records', settledLag, { topic: 'settled' });
  });
  whenMeasured?.(async () => {
    for (const [name, jobs] of Object.entries(await queue.depths())) {
      telemetry.gauge('flotilla_queue_jobs', jobs, { queue: name });
    }
  });
}

/** The view may have moved on since the end was asked for. */
const behind = (end: number, position = 0): number => Math.max(0, end - position);
