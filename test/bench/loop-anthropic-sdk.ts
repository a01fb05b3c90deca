/**
 * The stock loop on `@anthropic-ai/sdk`: four workers, each create, poll, results, next. It keeps nothing: what is
 * bought when it dies is lost, and bought again by its next run.
 *
 *     node test/bench/loop-anthropic-sdk.ts DOCUMENTS.jsonl ANSWERS.jsonl
 */
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { printLoopUsage } from './print-loop-usage.ts';
import { createsAtATime, pollDelayMs, readBatches } from './read-batches.ts';

const [documentsFile = '', answersFile = ''] = process.argv.slice(2);
const client = new Anthropic();
const answers = await open(answersFile, 'w');
const batches = readBatches(documentsFile);
let documents = 0;

async function work(): Promise<void> {
  for await (const requests of batches) {
    let batch = await client.messages.batches.create({ requests });
    while (batch.processing_status !== 'ended') {
      batch = await client.messages.batches.retrieve(batch.id);
      if (batch.processing_status !== 'ended') await delay(pollDelayMs);
    }
    let lines = '';
    for await (const result of await client.messages.batches.results(batch.id)) {
      lines += `${JSON.stringify(result)}\n`;
      documents += 1;
    }
    await answers.appendFile(lines);
  }
}

await Promise.all(Array.from({ length: createsAtATime }, work));
await answers.close();
printLoopUsage(documents);
