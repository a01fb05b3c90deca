import { roleNames } from '#contracts/roles.ts';
import { judgeMixed, type MixedVerdict, publishMixed } from '#test/support/mixed-documents.ts';
import { waitForAnswers } from './fleet-answers.ts';
import { startFleetStage } from './fleet-stage.ts';
import { formatCount } from './format-table.ts';
import { documentsPerBatch } from './read-batches.ts';
import { startResponder } from './start-responder.ts';
import { documentBytes, documentLine } from './write-documents.ts';

export interface FleetPoisonReport extends MixedVerdict {
  records: number;
  poisoned: number;
  bought: number;
  wallMs: number;
}

/** Documents in all four compressions with eight kinds of poison among them: every record is answered or rejected. */
export async function measureFleetPoison(options: {
  records: number;
  poisonEvery: number;
  workers: number;
  directory: string;
}): Promise<FleetPoisonReport> {
  const { records, poisonEvery, workers, directory } = options;
  const responder = await startResponder();
  // A lane that is not full at the end waits for its age: by default so long that nothing else could be seen.
  const config = { lane: { items: documentsPerBatch, ageMs: 1_000 } };
  const stage = await startFleetStage({ directory, baseUrl: responder.baseUrl, config });
  try {
    const wanted = await publishMixed({
      brokers: stage.kafka.brokers,
      topic: `${stage.topicPrefix}.documents.v1`,
      partitions: stage.log.partitions('documents'),
      records,
      poisonEvery,
      document: index => documentLine(index, documentBytes).slice(0, -1),
    });
    const startedAt = Date.now();
    for (let index = 0; index < workers; index += 1) stage.startWorker(roleNames);
    const { lastAt } = await waitForAnswers(stage.log, { documents: records });
    await stage.endWorkers();
    const verdict = await judgeMixed(stage.log, wanted);
    const { items: bought } = await responder.sold();
    const poisoned = [...wanted.values()].filter(cause => cause !== null).length;
    return { ...verdict, records, poisoned, bought, wallMs: lastAt - startedAt };
  } finally {
    await stage.stop();
    responder.stop();
  }
}

export function formatFleetPoison(report: FleetPoisonReport): string {
  const kinds = Object.entries(report.rejected).map(([cause, count]) => `${cause} ${count}`);
  return [
    `${formatCount(report.records)} records in gzip, snappy, lz4 and zstd, ${formatCount(report.poisoned)} of them poison: ${(report.wallMs / 1_000).toFixed(1)} s`,
    `answered ${formatCount(report.succeeded)}, rejected ${kinds.join(', ')}; bought ${formatCount(report.bought)}`,
    `wrong, missing or repeated: ${report.wrong.length === 0 ? '0' : report.wrong.join('; ')} (target 0)`,
    `longest time without an answer of any partition: ${(report.longestStallMs / 1_000).toFixed(1)} s`,
  ].join('\n');
}
