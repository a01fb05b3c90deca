/**
 * The loop everyone writes on npm `ai` with `@ai-sdk/anthropic`: the three calls of its batch guide, four batches at a
 * time, and a journal line per batch so that a person could find it again.
 *
 *     node test/bench/loop-ai-sdk.ts DOCUMENTS.jsonl ANSWERS.jsonl
 */
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createAnthropic } from '@ai-sdk/anthropic';
import {
  experimental_getBatchResults as getBatchResults,
  experimental_getBatchStatus as getBatchStatus,
  experimental_startBatch as startBatch,
} from 'ai';
import { printLoopUsage } from './print-loop-usage.ts';
import { type BenchDocument, createsAtATime, pollDelayMs, readBatches } from './read-batches.ts';

const [documentsFile = '', answersFile = ''] = process.argv.slice(2);
const provider = createAnthropic({ baseURL: `${process.env.ANTHROPIC_BASE_URL}/v1` });
const answers = await open(answersFile, 'w');
const journal = await open(`${answersFile}.journal`, 'a');
const batches = readBatches(documentsFile);
let documents = 0;

async function work(): Promise<void> {
  for await (const requests of batches) {
    const batch = await startBatch({ provider, requests: requests.map(toBatchRequest) });
    await journal.appendFile(`${JSON.stringify({ id: batch.id, provider: batch.provider, version: batch.version })}\n`);
    let status = batch.status;
    while (status === 'pending') {
      status = (await getBatchStatus({ provider, batch })).status;
      if (status === 'pending') await delay(pollDelayMs);
    }
    let lines = '';
    for await (const item of getBatchResults({ provider, batch })) {
      lines += `${JSON.stringify(toAnswer(item))}\n`;
      documents += 1;
    }
    await answers.appendFile(lines);
  }
}

function toBatchRequest({ custom_id: id, params }: BenchDocument) {
  return {
    id,
    type: 'text' as const,
    model: params.model,
    maxOutputTokens: params.max_tokens,
    messages: params.messages,
  };
}

type BatchItem = ReturnType<typeof getBatchResults> extends AsyncIterable<infer Item> ? Item : never;

function toAnswer(item: BatchItem) {
  if (item.type !== 'text' || item.status !== 'succeeded') return { custom_id: item.id, status: item.status };
  return { custom_id: item.id, status: item.status, text: item.text, usage: item.usage };
}

await Promise.all(Array.from({ length: createsAtATime }, work));
await answers.close();
await journal.close();
printLoopUsage(documents);
