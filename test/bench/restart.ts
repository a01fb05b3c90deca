import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formatCount } from './format-table.ts';
import type { Leg } from './leg.ts';
import { createLegFiles } from './run-leg.ts';
import { type MeasuredProcess, spawnLeg } from './spawn-leg.ts';
import { type Responder, startResponder } from './start-responder.ts';
import { writeDocuments } from './write-documents.ts';

const soldPollMs = 100;
const createPollMs = 10;
/** What the killed process had sent is in the responder's hands by then; every later create is the new one's. */
const drainMs = 100;
const firstCreateTimeoutMs = 120_000;

/** How soon work goes on after the worst of ends. */
export interface RestartReport {
  leg: string;
  documents: number;
  soldBeforeKill: number;
  killToFirstCreateMs: number;
  startToFirstCreateMs: number;
}

/**
 * Runs a file until `documents` of it are bought, kills the process with SIGKILL, starts the same command again and
 * waits for the first create of the documents that are left. What such a kill costs is counted by `npm run chaos`: a
 * create that never left the killed process may wait for the whole `T_settle`, 15 minutes.
 */
export async function measureRestart(options: {
  leg: Leg;
  documents: number;
  moreDocuments: number;
  directory: string;
}): Promise<RestartReport> {
  const { leg, documents, directory } = options;
  const total = documents + options.moreDocuments;
  const documentsFile = join(directory, 'documents.jsonl');
  await writeDocuments(documentsFile, total);
  const files = await createLegFiles({ leg, documentsFile, directory });
  const responder = await startResponder();
  let second: MeasuredProcess | undefined;
  try {
    const start = () => spawnLeg({ leg, files, baseUrl: responder.baseUrl });
    const soldBeforeKill = await killWhenSold({ process: await start(), responder, documents });
    const killedAtMs = Date.now();
    await delay(drainMs);
    second = await start();
    const ended = second.ended().then(nothingMore);
    ended.catch(() => {}); // killed below, which is no failure any more
    const firstCreateAtMs = await Promise.race([waitForCreate(responder, second.startedAtMs), ended]);
    return {
      leg: leg.name,
      documents,
      soldBeforeKill,
      killToFirstCreateMs: firstCreateAtMs - killedAtMs,
      startToFirstCreateMs: firstCreateAtMs - second.startedAtMs,
    };
  } finally {
    await second?.kill();
    responder.stop();
  }
}

/** One line per figure. */
export function formatRestart(report: RestartReport): string {
  return [
    `restart of ${report.leg}, killed with ${formatCount(report.soldBeforeKill)} documents in its log`,
    `kill -9 to first new batch: ${formatCount(report.killToFirstCreateMs)} ms (target ≤ 5,000)`,
    `start to first new batch:   ${formatCount(report.startToFirstCreateMs)} ms`,
  ].join('\n');
}

async function killWhenSold(options: {
  process: MeasuredProcess;
  responder: Responder;
  documents: number;
}): Promise<number> {
  const { process, responder, documents } = options;
  const ended = process.ended().then(nothingMore);
  const sold = async (): Promise<number> => {
    for (;;) {
      const { items } = await responder.sold();
      if (items >= documents) return items;
      await delay(soldPollMs);
    }
  };
  const items = await Promise.race([sold(), ended]);
  await process.kill();
  return items;
}

async function waitForCreate(responder: Responder, sinceMs: number): Promise<number> {
  for (const deadline = Date.now() + firstCreateTimeoutMs; Date.now() < deadline; await delay(createPollMs)) {
    const [first] = await responder.createsSince(sinceMs);
    if (first !== undefined) return first.atMs;
  }
  throw new Error(`no create within ${firstCreateTimeoutMs} ms of the restart`);
}

function nothingMore(): never {
  throw new Error('the leg finished before it was killed or created anything: give it more documents');
}
