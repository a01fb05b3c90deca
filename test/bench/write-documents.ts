import { open } from 'node:fs/promises';
import { cannedModel } from './canned-batches.ts';

/** A line with its line end. */
export const documentBytes = 500;

const linesPerWrite = 2_000;
const words =
  'order parcel arrived late torn refund asked window paint colour wrong invoice double charged support kind slow garden chair broken leg manual missing battery warm again store friendly price higher than shown online '.repeat(
    4,
  );

/** Writes Anthropic batch requests of 500 bytes each. The same count gives the same file. */
export async function writeDocuments(file: string, documents: number): Promise<void> {
  const handle = await open(file, 'w');
  for (let at = 0; at < documents; at += linesPerWrite) {
    let lines = '';
    for (let index = at; index < Math.min(at + linesPerWrite, documents); index += 1)
      lines += documentLine(index, documentBytes);
    await handle.appendFile(lines);
  }
  await handle.close();
}

/** One request of so many bytes, its line end included. */
export function documentLine(index: number, bytes: number): string {
  const customId = `document-${String(index).padStart(8, '0')}`;
  const head = `{"custom_id":"${customId}","params":{"model":"${cannedModel}","max_tokens":256,"messages":[{"role":"user","content":"${index}: `;
  const tail = '"}]}}\n';
  const start = (index * 7) % 211;
  const wanted = bytes - head.length - tail.length;
  return head + words.repeat(Math.ceil((start + wanted) / words.length)).slice(start, start + wanted) + tail;
}
