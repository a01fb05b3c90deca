import type { TokenCounter } from '#ports/token-counter.ts';
import type { MachineOptions } from './machine/machine-options.ts';
import { SimulatorMachine } from './machine/simulator-machine.ts';
import { createMemoryStore } from './store/memory-store.ts';
import { triedBatches } from './tried-batches.ts';

const version = '2026-10-21';

export interface SimulatedTokenCounterOptions extends Pick<MachineOptions, 'seed' | 'latency'> {
  now: () => number;
}

/** The simulator as a counter, in memory and without HTTP: what is tried here is on nobody's invoice. */
export function createSimulatedTokenCounter({ now, ...options }: SimulatedTokenCounterOptions): TokenCounter {
  const machine = new SimulatorMachine({ store: createMemoryStore() });
  return {
    async countTokens(body) {
      const reply = machine.countTokens({ version, params: JSON.parse(body) });
      return reply.status === 'done' ? reply.value.input_tokens : null;
    },
    async tryAnswer(body) {
      const reply = machine.createMessage({ workspace: 'tried', now: now(), version, params: JSON.parse(body) });
      return reply.status === 'done' ? reply.value.usage.output_tokens : null;
    },
    tryBatches: async batches => triedBatches(batches, { now: now(), ...options }),
    close: async () => machine.close(),
  };
}
