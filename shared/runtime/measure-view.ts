import type { Batch, View } from '#core/view.ts';
import type { Telemetry } from '#ports/telemetry.ts';

const batchStates = ['sealed', 'unsent', 'intent', 'aborted', 'created', 'closed', 'settled'] as const;

/** Gauges of what the log says is open. Every state by name, 0 when there is none: an unset gauge keeps its last value. */
export function measureView(view: View, { telemetry, now }: { telemetry: Telemetry; now: number }): void {
  const byState = new Map<string, { count: number; oldest: number }>();
  for (const batch of view.batches.values()) {
    const state = stateOf(batch);
    const { count, oldest } = byState.get(state) ?? { count: 0, oldest: now };
    byState.set(state, { count: count + 1, oldest: Math.min(oldest, batch.sealedAt) });
  }
  for (const state of batchStates) {
    const { count, oldest } = byState.get(state) ?? { count: 0, oldest: now };
    telemetry.gauge('flotilla_open_batches', count, { state });
    telemetry.gauge('flotilla_oldest_batch_seconds', (now - oldest) / 1_000, { state });
  }
  let dueAt = now;
  for (const { notBefore } of view.retries.values()) dueAt = Math.min(dueAt, notBefore);
  telemetry.gauge('flotilla_retries_waiting', view.retries.size);
  telemetry.gauge('flotilla_retry_overdue_seconds', (now - dueAt) / 1_000);
}

const stateOf = (batch: Batch): (typeof batchStates)[number] | 'released' =>
  batch.settled ? 'settled' : batch.state.is;
