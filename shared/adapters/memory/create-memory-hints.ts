import type { Clock } from '#ports/clock.ts';
import { type Hints, hintBytesMax } from '#ports/hints.ts';

/** Hints of one process, for screens of the same process. */
export function createMemoryHints({ clock }: { clock: Pick<Clock, 'monotonic'> }): Hints {
  const kept = new Map<string, { json: string; endsOn: number }>();
  const dropEnded = (): void => {
    for (const [name, { endsOn }] of kept) if (endsOn <= clock.monotonic()) kept.delete(name);
  };
  return {
    async put(name, value, ttlMs) {
      dropEnded();
      const json = JSON.stringify(value) ?? 'null';
      if (Buffer.byteLength(json) <= hintBytesMax) kept.set(name, { json, endsOn: clock.monotonic() + ttlMs });
    },
    async list(prefix) {
      dropEnded();
      return [...kept]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, { json }]) => ({ name, value: JSON.parse(json) as unknown }))
        .sort((one, other) => (one.name < other.name ? -1 : 1));
    },
  };
}
