import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import type { MachineOptions } from '../machine/machine-options.ts';
import { SimulatorMachine } from '../machine/simulator-machine.ts';
import { createMemoryStore } from './memory-store.ts';
import { createSqliteStore } from './sqlite-store.ts';

const start = Date.parse('2026-11-21T18:00:00Z');
const hourMs = 3_600_000;
const options: Omit<MachineOptions, 'store'> = { seed: 5, latency: { minMs: 10_000, maxMs: 20_000 } };

function items(count: number) {
  const system = [{ type: 'text', text: 'x'.repeat(4_000), cache_control: { type: 'ephemeral' } }];
  const params = { model: 'claude-haiku-5-5', max_tokens: 50, system, messages: [{ role: 'user', content: 'a\nb' }] };
  return Array.from({ length: count }, (_, index) => ({ customId: `c-${index}`, params: JSON.stringify(params) }));
}

function everything(machine: SimulatorMachine): string {
  const now = start + hourMs;
  const batches = machine.batches(now);
  const read = (id: string) => {
    const reply = machine.readResults({ workspace: 'w', id, now });
    return reply.status === 'done' ? [...reply.value.chunks].flat() : [];
  };
  return JSON.stringify([batches, batches.map(({ id }) => read(id)), machine.invoicePage({ now }).rows]);
}

const tokens = { outputTokens: 2, cacheReadTokens: 0, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0 };
const place = { at: 5, workspace: 'w', batchId: null, customId: null, isForeign: false };
const row = { ...place, model: 'm', inputTokens: 1, ...tokens };

/** As an earlier program would have left the file. @param missing tables that it had not made yet */
function makeEarlier(directory: string, missing: readonly string[] = []): void {
  const database = new DatabaseSync(join(directory, 'simulator.db'));
  database.exec('ALTER TABLE invoice RENAME COLUMN costPicoDollars TO costNanoDollars; PRAGMA user_version = 0');
  for (const table of missing) database.exec(`DROP TABLE ${table}`);
  database.close();
}

describe('createSqliteStore', () => {
  it('gives the same after a restart in the middle as without one, and as memory', () => {
    const directory = mkdtempSync(join(tmpdir(), 'simulator-store-'));
    const create = (machine: SimulatorMachine, now: number) =>
      machine.createBatch({ workspace: 'w', now, version: '2026-10-21', items: items(600) });
    const memory = new SimulatorMachine({ ...options, store: createMemoryStore() });
    create(memory, start);
    create(memory, start + 1_000);
    const before = new SimulatorMachine({ ...options, store: createSqliteStore(directory) });
    create(before, start);
    before.advance(start + 500);
    // no close: the second connection finds what a killed process has left
    const after = new SimulatorMachine({ ...options, store: createSqliteStore(directory) });
    create(after, start + 1_000);
    const seen = everything(after);
    assert.equal(seen, everything(memory));
    after.close();
    const last = new SimulatorMachine({ ...options, store: createSqliteStore(directory) });
    assert.equal(everything(last), seen);
    last.close();
    before.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('refuses a file of a newer version', () => {
    const directory = mkdtempSync(join(tmpdir(), 'simulator-store-'));
    createSqliteStore(directory).close();
    const database = new DatabaseSync(join(directory, 'simulator.db'));
    database.exec('PRAGMA user_version = 3');
    database.close();
    assert.throws(() => createSqliteStore(directory), { code: 'log-newer' });
    rmSync(directory, { recursive: true, force: true });
  });

  it('bills what an earlier program billed in nanodollars as it was', () => {
    const directory = mkdtempSync(join(tmpdir(), 'simulator-store-'));
    const store = createSqliteStore(directory);
    store.addInvoiceRows([{ ...row, costPicoDollars: 62 }]);
    store.close();
    makeEarlier(directory);
    for (const time of ['upgraded', 'as it is']) {
      const opened = createSqliteStore(directory);
      assert.equal(opened.invoiceTotals().costPicoDollars, 62_000, time);
      opened.close();
    }
    rmSync(directory, { recursive: true, force: true });
  });

  it('opens a file whose first start under an earlier program was killed', () => {
    const earlier = ['batches', 'items', 'results', 'invoice', 'counters'];
    for (const made of [0, 1, 3, 4, 5]) {
      const directory = mkdtempSync(join(tmpdir(), 'simulator-store-'));
      createSqliteStore(directory).close();
      makeEarlier(directory, earlier.slice(made));
      const opened = createSqliteStore(directory);
      assert.deepEqual(opened.load().batches, [], `${made} tables`);
      assert.equal(opened.invoiceTotals().rowCount, 0);
      opened.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('sums more than a number counts exactly', () => {
    const directory = mkdtempSync(join(tmpdir(), 'simulator-store-'));
    const store = createSqliteStore(directory);
    store.addInvoiceRows([1, 2].map(() => ({ ...row, costPicoDollars: 5e15 })));
    assert.equal(store.invoiceTotals().costPicoDollars, 1e16);
    store.close();
    rmSync(directory, { recursive: true, force: true });
  });
});
