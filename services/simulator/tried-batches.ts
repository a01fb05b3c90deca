import type { TriedRequests, TriedUsages } from '#ports/token-counter.ts';
import { usageOfRow } from './machine/invoice.ts';
import type { MachineOptions } from './machine/machine-options.ts';
import { SimulatorMachine } from './machine/simulator-machine.ts';
import { readMessage } from './read-result-line.ts';
import { createMemoryStore } from './store/memory-store.ts';

const version = '2026-10-21';
const workspace = 'tried';
/** A prime's reply is waited for before the create. */
const primeMs = 2_000;

/** Has batches answered by a simulator of their own, in its time. @param options.now when the first is made, ms since the epoch */
export function triedBatches(
  batches: readonly TriedRequests[],
  { now, ...options }: Pick<MachineOptions, 'seed' | 'latency'> & { now: number },
): TriedUsages[] {
  const machine = new SimulatorMachine({ store: createMemoryStore(), ...options });
  let at = now;
  const made = batches.map(({ primes, bodies }) => {
    const primed = primes.map(body => {
      const reply = machine.createMessage({ workspace, now: at, version, params: JSON.parse(body) });
      at += primeMs;
      return reply.status === 'done' ? readMessage(reply.value).usage : null;
    });
    const items = bodies.map((params, index) => ({ customId: String(index), params }));
    const reply = machine.createBatch({ workspace, now: at, version, items });
    return { primed, bodies, id: reply.status === 'done' ? reply.value.id : null };
  });
  for (let next = machine.nextEventAt(); next !== null; next = machine.nextEventAt()) machine.advance(next);
  const { rows } = machine.invoicePage({ now: at, limit: Number.MAX_SAFE_INTEGER });
  machine.close();
  return made.map(({ primed, bodies, id }) => {
    const billed = new Map(rows.filter(({ batchId }) => batchId === id).map(row => [row.customId, usageOfRow(row)]));
    return { primes: primed, items: bodies.map((_, index) => billed.get(String(index)) ?? null) };
  });
}
