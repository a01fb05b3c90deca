import { roleNames } from '#contracts/roles.ts';
import { waitUntil } from '#test/support/wait-until.ts';
import { waitForAnswers } from './fleet-answers.ts';
import { publishDocuments } from './fleet-documents.ts';
import { startFleetStage } from './fleet-stage.ts';
import { formatCount } from './format-table.ts';
import { startResponder } from './start-responder.ts';
import { documentBytes } from './write-documents.ts';

export interface FleetCallsReport {
  batches: number;
  perBatch: number;
  workers: number;
  lifeMs: number;
  /** Batches at the provider at the same time, at most. */
  openAtOnce: number;
  creates: number;
  lists: number;
  retrieves: number;
  results: number;
  wallMs: number;
}

const pollMs = 250;

/** Counts, at the provider, what a fleet asks it for while a thousand batches are open. */
export async function measureFleetCalls(options: {
  batches: number;
  perBatch: number;
  workers: number;
  lifeMs: number;
  directory: string;
}): Promise<FleetCallsReport> {
  const { batches, perBatch, workers, lifeMs, directory } = options;
  const documents = batches * perBatch;
  const responder = await startResponder({ lifeMs });
  const config = { lane: { items: perBatch }, providers: { anthropic: { openBatchesMax: batches } } };
  const stage = await startFleetStage({ directory, baseUrl: responder.baseUrl, config });
  try {
    await publishDocuments(stage.log, { documents, bytes: documentBytes });
    const startedAt = Date.now();
    for (let index = 0; index < workers; index += 1) stage.startWorker(roleNames);
    let openAtOnce = 0;
    await waitUntil(
      'all batches created',
      async () => {
        await new Promise(resolve => setTimeout(resolve, pollMs));
        const [{ create, results }, { items }] = await Promise.all([responder.calls(), responder.sold()]);
        openAtOnce = Math.max(openAtOnce, create.count - results.count);
        return items >= documents;
      },
      { withinMs: 300_000 },
    );
    const counted = await waitForAnswers(stage.log, { documents, stallMs: lifeMs + 120_000 });
    const calls = await responder.calls();
    await stage.endWorkers();
    return {
      batches,
      perBatch,
      workers,
      lifeMs,
      openAtOnce,
      creates: calls.create.count,
      lists: calls.list.count,
      retrieves: calls.retrieve.count,
      results: calls.results.count,
      wallMs: counted.lastAt - startedAt,
    };
  } finally {
    await stage.stop();
    responder.stop();
  }
}

export function formatFleetCalls(report: FleetCallsReport): string {
  const { batches, creates, lists, retrieves, results } = report;
  const others = (creates + retrieves + results) / batches;
  return [
    `${formatCount(batches)} batches of ${report.perBatch} documents, each alive for ${report.lifeMs / 1_000} s, at most ${formatCount(report.openAtOnce)} open at once; ${report.workers} workers; ${(report.wallMs / 1_000).toFixed(1)} s`,
    `calls: ${creates} create, ${lists} list, ${retrieves} retrieve, ${results} results`,
    `list calls per batch: ${(lists / batches).toFixed(3)} (target ≤ 0.1)`,
    `everything else per batch: ${others.toFixed(2)} (target ≤ 4)`,
  ].join('\n');
}
