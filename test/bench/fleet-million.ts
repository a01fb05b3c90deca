import { once } from 'node:events';
import { createReadStream, createWriteStream, readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { roleNames } from '#contracts/roles.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { runFlotilla } from '#test/support/spawn-flotilla.ts';
import { waitUntil } from '#test/support/wait-until.ts';
import { waitForAnswers } from './fleet-answers.ts';
import { publishDocuments } from './fleet-documents.ts';
import { type FleetStage, startFleetStage } from './fleet-stage.ts';
import { formatCount } from './format-table.ts';
import { createsAtATime, documentsPerBatch } from './read-batches.ts';
import { type Responder, startResponder } from './start-responder.ts';

/** What the audit must say of a fleet that did its work. */
interface AuditFigures {
  verdict: string;
  documents: number;
  lost: number;
  duplicated: number;
  boughtTwice: number;
}

/** A start from nothing but the log. */
export interface ColdStart {
  openDocuments: number;
  /** From the spawn of the process: its first list call, and the first results call that follows from it. */
  firstLookMs: number;
  firstCollectMs: number;
  /** Items bought beyond one for each document. */
  repurchased: number;
  peakRssMb: number;
}

export interface FleetMillionReport {
  documents: number;
  documentBytes: number;
  workers: number;
  wallMs: number;
  peakRssMb: number[];
  journalBytesPerDocument: number;
  settledBytesPerDocument: number;
  /** Highest over all moments with half as many open as at most, and a thousand or more; null when there was none. */
  redisBytesPerOpenDocument: number | null;
  openDocumentsMax: number;
  redisBytesPerSettledDocument: number;
  audit: AuditFigures;
  coldStart: ColdStart | null;
}

export interface FleetMillionOptions {
  documents: number;
  documentBytes: number;
  workers: number;
  /** Documents open at the provider when everything is killed and Redis emptied; 0: no cold start. */
  coldStartOpen: number;
  directory: string;
  onProgress(line: string): void;
}

const sampleMs = 5_000;
const lifeMs = 2_000;
const openLeast = 1_000;
const hour = 3_600_000;

/** Very many documents through a fleet, and then, when asked for, a start from the log alone. */
export async function measureFleetMillion(options: FleetMillionOptions): Promise<FleetMillionReport> {
  const { documents, documentBytes: bytes, workers, directory, onProgress } = options;
  const billFile = join(directory, 'bill.txt');
  const responder = await startResponder({ lifeMs, billFile });
  const config = { lane: { items: documentsPerBatch }, providers: { anthropic: { createsAtOnce: createsAtATime } } };
  const stage = await startFleetStage({ directory, baseUrl: responder.baseUrl, config });
  try {
    await publishDocuments(stage.log, { documents, bytes });
    onProgress(`${formatCount(documents)} documents published`);
    const redisBytesBefore = await redisBytesOf(stage);
    const startedAt = Date.now();
    for (let index = 0; index < workers; index += 1) stage.startWorker(roleNames);
    const sampler = startSampler(stage, { redisBytesBefore, onProgress });
    const counted = await waitForAnswers(stage.log, { documents, stallMs: 600_000 });
    const sampled = await sampler.stop();
    if (counted.repeated > 0) throw new Error(`${counted.repeated} answered twice`);
    const peakRssMb = stage.workers.map(worker => worker.peakRssMb());
    await sleep(sampleMs); // what is removed with delay is gone by then
    const redisBytesAfter = await redisBytesOf(stage);
    const sizes = { journal: topicBytes(stage, 'journal'), settled: topicBytes(stage, 'settled') };
    const coldStart =
      options.coldStartOpen === 0
        ? null
        : await startCold(stage, { ...options, responder, open: options.coldStartOpen });
    onProgress('auditing');
    return {
      documents,
      documentBytes: bytes,
      workers,
      wallMs: counted.lastAt - startedAt,
      peakRssMb,
      journalBytesPerDocument: sizes.journal / documents,
      settledBytesPerDocument: sizes.settled / documents,
      ...sampled,
      redisBytesPerSettledDocument: (redisBytesAfter - redisBytesBefore) / documents,
      audit: await audit(stage, billFile),
      coldStart,
    };
  } finally {
    await stage.stop();
    responder.stop();
    await rm(billFile, { force: true });
  }
}

export function formatFleetMillion(report: FleetMillionReport): string {
  const { documents, audit: found, coldStart, redisBytesPerOpenDocument: perOpen } = report;
  return [
    `${formatCount(documents)} documents of ${formatCount(report.documentBytes)} bytes, ${report.workers} workers: ${(report.wallMs / 1_000).toFixed(0)} s, ${formatCount((documents * 1_000) / report.wallMs)} documents/s`,
    `audit: ${found.verdict}; ${formatCount(found.documents)} documents, lost ${found.lost}, duplicated ${found.duplicated}, bought twice ${found.boughtTwice} (target 0 / 0 / 0)`,
    `peak RSS of each worker: ${report.peakRssMb.map(formatCount).join(', ')} MB (target ≤ 400)`,
    `journal: ${report.journalBytesPerDocument.toFixed(1)} bytes per document (target ≤ 150); settled: ${report.settledBytesPerDocument.toFixed(1)}`,
    `Redis: ${perOpen === null ? 'never so many open' : `${formatCount(perOpen)} bytes per open document (target ≤ 3,000)`}, at most ${formatCount(report.openDocumentsMax)} open; ${report.redisBytesPerSettledDocument.toFixed(2)} bytes per settled one (target ≈ 0)`,
    ...(coldStart === null ? [] : [formatColdStart(documents, coldStart)]),
  ].join('\n');
}

const formatColdStart = (settled: number, cold: ColdStart): string =>
  `cold start, Redis empty, no snapshot, ${formatCount(settled)} settled, ${formatCount(cold.openDocuments)} open: first look ${(cold.firstLookMs / 1_000).toFixed(1)} s, first collect after it ${(cold.firstCollectMs / 1_000).toFixed(1)} s (target ≤ 30), bought again ${cold.repurchased} (target 0), peak RSS ${formatCount(cold.peakRssMb)} MB`;

/** Redis against the documents that are open, now and then. */
function startSampler(
  stage: FleetStage,
  { redisBytesBefore, onProgress }: { redisBytesBefore: number; onProgress: (line: string) => void },
): { stop(): Promise<{ redisBytesPerOpenDocument: number | null; openDocumentsMax: number }> } {
  const follower = new ViewFollower(stage.log);
  const stopping = new AbortController();
  const samples: { open: number; redisBytes: number }[] = [];
  let openMax = 0;
  const run = async (): Promise<void> => {
    for (let round = 1; !stopping.signal.aborted; round += 1) {
      await sleep(sampleMs, undefined, { signal: stopping.signal }).catch(() => {});
      await follower.catchUpAll();
      const redisBytes = (await redisBytesOf(stage)) - redisBytesBefore;
      const open = openDocuments(follower);
      openMax = Math.max(openMax, open);
      samples.push({ open, redisBytes });
      const rss = stage.workers.map(worker => formatCount(worker.peakRssMb())).join(', ');
      if (round % 6 === 0)
        onProgress(
          `${formatCount(follower.view.bks.size)} batches sealed, ${open} open, RSS ${rss} MB, Redis ${redisBytes}`,
        );
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
      // With few open ones the queues' own keys, which have a bound, are most of it.
      const many = samples.filter(({ open }) => open >= Math.max(openLeast, openMax / 2));
      const perOpen = many.map(({ open, redisBytes }) => redisBytes / open);
      return { redisBytesPerOpenDocument: many.length > 0 ? Math.max(...perOpen) : null, openDocumentsMax: openMax };
    },
  };
}

/** Sealed and not settled. */
function openDocuments({ view }: ViewFollower): number {
  let count = 0;
  for (const { items, settled } of view.batches.values()) if (settled === null) count += items.length;
  return count;
}

async function redisBytesOf({ redis }: FleetStage): Promise<number> {
  const client = new Redis(redis.url);
  try {
    return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
  } finally {
    client.disconnect();
  }
}

/** Of the segments of a topic, as the broker keeps them. */
function topicBytes({ kafka, topicPrefix }: FleetStage, topic: string): number {
  const { dataFolder } = kafka;
  if (dataFolder === null) return Number.NaN; // a broker that is not ours
  const folders = readdirSync(dataFolder).filter(name => name.startsWith(`${topicPrefix}.${topic}.v1-`));
  const segments = folders.flatMap(folder =>
    readdirSync(join(dataFolder, folder))
      .filter(name => name.endsWith('.log'))
      .map(name => statSync(join(dataFolder, folder, name)).size),
  );
  return segments.reduce((sum, size) => sum + size, 0);
}

/**
 * Documents are bought and none of them ends; then every worker is killed, Redis emptied, the snapshots removed, and the
 * batches end. One process has to find out from the log alone what is its own.
 */
async function startCold(
  stage: FleetStage,
  options: FleetMillionOptions & { responder: Responder; open: number },
): Promise<ColdStart> {
  const { responder, documents, documentBytes: bytes, open, onProgress } = options;
  await responder.hold(true);
  await publishDocuments(stage.log, { documents: open, bytes, from: documents });
  const follower = new ViewFollower(stage.log);
  const isAllCreated = async (): Promise<boolean> => {
    await follower.catchUpAll();
    const created = [...follower.view.batches.values()].filter(({ state }) => state.is === 'created');
    return created.reduce((sum, { items }) => sum + items.length, 0) >= open;
  };
  await waitUntil('everything bought', isAllCreated, { withinMs: 300_000 });
  for (const worker of stage.workers) worker.process().signal('SIGKILL');
  await Promise.all(stage.workers.map(worker => worker.process().ended));
  await stage.redis.flush();
  await rm(join(stage.folder, '.flotilla'), { recursive: true, force: true });
  await responder.hold(false);
  await responder.calls({ isReset: true });
  onProgress('everything is killed and Redis is empty');
  const startedAt = Date.now();
  const worker = stage.startWorker(roleNames);
  await waitForAnswers(stage.log, { documents: documents + open, stallMs: 600_000 });
  const { list, results } = await responder.calls();
  const { items } = await responder.sold();
  return {
    openDocuments: open,
    firstLookMs: (list.firstAtMs ?? Infinity) - startedAt,
    firstCollectMs: (results.firstAtMs ?? Infinity) - startedAt,
    repurchased: items - documents - open,
    peakRssMb: worker.peakRssMb(),
  };
}

/** `flotilla audit` against the custom ids that the responder has sold. */
async function audit(stage: FleetStage, billFile: string): Promise<AuditFigures> {
  await stage.endWorkers();
  const invoice = join(stage.folder, 'invoice.json');
  await writeInvoice(billFile, invoice);
  const { env, folder: cwd } = stage;
  const ended = await runFlotilla({ args: ['audit', '--json', '--invoice', invoice], cwd, env, lifeMaxMs: hour });
  const line = ended.stdout.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`flotilla audit said: ${ended.stdout}${ended.stderr}`);
  return JSON.parse(line) as AuditFigures;
}

/** In the form that a simulator's invoice has. */
async function writeInvoice(billFile: string, invoice: string): Promise<void> {
  const out = createWriteStream(invoice);
  out.write('{"totals":{},"nextAfter":null,"rows":[');
  let separator = '';
  for await (const customId of createInterface({ input: createReadStream(billFile) })) {
    const row = JSON.stringify({ customId, batchId: 'canned', isForeign: false });
    if (!out.write(separator + row)) await once(out, 'drain');
    separator = ',';
  }
  await new Promise(resolve => out.end(']}', () => resolve(null)));
}
