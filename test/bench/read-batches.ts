import { open } from 'node:fs/promises';

/** A line of the documents file: a request as Anthropic's batches take it. */
export interface BenchDocument {
  custom_id: string;
  params: { model: string; max_tokens: number; messages: { role: 'user'; content: string }[] };
}

/** What both loops do alike, so that only their batches differ. */
export const documentsPerBatch = 100;
export const createsAtATime = 4;

/** How long a loop waits before it looks again at a batch that has not ended. */
export const pollDelayMs = 1_000;

/** The documents of a JSONL file, a batch at a time. Several consumers may share one iterator. */
export async function* readBatches(documentsFile: string): AsyncGenerator<BenchDocument[]> {
  const file = await open(documentsFile);
  let batch: BenchDocument[] = [];
  for await (const line of file.readLines()) {
    batch.push(JSON.parse(line) as BenchDocument);
    if (batch.length === documentsPerBatch) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
