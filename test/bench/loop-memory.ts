/**
 * All services in one process over the memory adapters: what core and services cost without any log. It reads a
 * documents file, and ends when each of its documents has a result. Nothing survives it, so it is an anchor, no product.
 */
import { open } from 'node:fs/promises';
import { createAnthropicProvider } from '#adapters/anthropic/create-anthropic-provider.ts';
import { createMemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { createMemoryPayloadStore } from '#adapters/memory/create-memory-payload-store.ts';
import { createTelemetry } from '#adapters/pino/create-telemetry.ts';
import { resultLineBytesMax } from '#core/limits.ts';
import { timingFor } from '#core/timing.ts';
import type { Log, NewRecord } from '#ports/log.ts';
import { createRouting, laneBoundsDefault } from '#runtime/routing.ts';
import { startEngine } from '#services/cli/engine.ts';
import { createsAtATime, documentsPerBatch } from './read-batches.ts';

const recordsPerAppend = 500;
const payloadBytesMax = 64 * 1024 * 1024;

async function appendFile(log: Log, file: string): Promise<number> {
  let count = 0;
  let records: NewRecord[] = [];
  const append = async (): Promise<void> => {
    if (records.length > 0) await log.append({ topic: 'documents', partition: 0, records });
    records = [];
  };
  const handle = await open(file);
  for await (const line of handle.readLines()) {
    records.push({ key: null, value: Buffer.from(line), headers: {} });
    count += 1;
    if (records.length === recordsPerAppend) await append();
  }
  await append();
  return count;
}

async function run(documentsFile: string): Promise<void> {
  const cluster = createMemoryCluster({ partitions: { settled: 1 } });
  const log = cluster.connect();
  const documents = await appendFile(log, documentsFile);
  const timing = timingFor(1);
  const { ANTHROPIC_API_KEY: apiKey = '', ANTHROPIC_BASE_URL: baseUrl = '' } = process.env;
  const provider = createAnthropicProvider({
    apiKey,
    baseUrl,
    createTimeoutMs: timing.httpMs,
    createTimeoutPerMegabyteMs: timing.httpPerMbMs,
    resultLineBytesMax,
  });
  const engine = await startEngine({
    log,
    payloads: createMemoryPayloadStore({ bytesMax: payloadBytesMax }),
    telemetry: createTelemetry({ level: 'warn', path: '-', process: 'memory' }),
    routing: createRouting({
      tasks: new Map(),
      asIs: { account: 'anthropic', lane: { ...laneBoundsDefault, itemsMax: documentsPerBatch } },
    }),
    timing,
    providers: new Map([['anthropic', provider]]),
    createsAtOnce: createsAtATime,
    openBatchesMax: 10_000,
    crashHook: null,
    housekeeping: () => [],
  });
  const results = cluster.committed('results', 0);
  while (results.length < documents) {
    await log.waitForMore([{ topic: 'results', partition: 0, from: await log.endOffset('results', 0) }], 1_000);
  }
  await engine.stop();
  process.exit(0);
}

await run(process.argv[2] as string);
