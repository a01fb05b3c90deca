import { createManualClock } from '#adapters/memory/create-manual-clock.ts';
import { createMemoryHints } from '#adapters/memory/create-memory-hints.ts';
import { describeHints } from './hints.ts';

describeHints('memory', async () => {
  const clock = createManualClock();
  return { hints: createMemoryHints({ clock }), pass: ms => clock.advance(ms), close: async () => {} };
});
