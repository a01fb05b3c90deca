import type { AddressInfo } from 'node:net';
import type { FaultKind } from './faults/fault-kinds.ts';
import { createServer } from './http/create-server.ts';
import type { InvoicePage } from './machine/invoice.ts';
import type { MachineOptions } from './machine/machine-options.ts';
import { SimulatorMachine } from './machine/simulator-machine.ts';
import { createMemoryStore } from './store/memory-store.ts';
import { createSqliteStore } from './store/sqlite-store.ts';

export interface SimulatorOptions extends Omit<MachineOptions, 'store'> {
  /** State lives here and survives a kill; absent: in memory. */
  directory?: string;
  /** 0 takes any free port. */
  port?: number;
  /** Loopback unless told otherwise: it has no secrets, but no locks either. */
  host?: string;
  /** The provider's clock, ms since the epoch. */
  now?: () => number;
}

export interface RunningSimulator {
  baseUrl: string;
  port: number;
  /** One page of what was bought, oldest first; `limit` 1,000 rows when absent. */
  invoice(page?: { after?: number; limit?: number }): InvoicePage;
  faults(): Partial<Record<FaultKind, number>>;
  /** For tests which look behind the wire. */
  machine: SimulatorMachine;
  /** Open connections are cut; what was accepted is on the disk. May be called twice. */
  close(): Promise<void>;
}

/** Starts the simulator on HTTP. There is no timer for batches: what time brings is caught up on at the next call. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const { directory, port = 0, host = '127.0.0.1', now = Date.now, ...machineOptions } = options;
  const store = directory === undefined ? createMemoryStore() : createSqliteStore(directory);
  const machine = new SimulatorMachine({ ...machineOptions, store });
  const timers = new Set<NodeJS.Timeout>();
  const schedule = (delayMs: number, run: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, delayMs);
    timers.add(timer.unref());
  };
  const server = createServer({ machine, now, schedule });
  await server.listen({ port, host });
  const address = server.server.address() as AddressInfo;
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    for (const timer of timers) clearTimeout(timer);
    await server.close();
    machine.close();
  };
  return {
    baseUrl: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    machine,
    invoice: page => machine.invoicePage({ now: now(), ...page }),
    faults: () => machine.faults.counts(),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
