import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { drawLineSpoiler, idOf, type LineSpoiler } from '../faults/spoil-lines.ts';
import { apiError } from '../machine/api-error.ts';
import { flattenChunks } from '../machine/chunks.ts';
import type { ResultsRead } from '../machine/machine-options.ts';
import { padLine } from '../machine/pad-line.ts';
import type { SimulatorMachine } from '../machine/simulator-machine.ts';
import { ApiFailure, unwrap } from './api-failure.ts';
import { authenticate, requireVersion } from './authenticate.ts';
import type { HttpContext } from './http-context.ts';

/** GET /v1/messages/batches/{id}/results: JSONL, streamed chunk by chunk from the store. */
export function resultsRoute({ machine, now }: HttpContext) {
  return async (request: FastifyRequest<{ Params: { id: string } }>, reply: FastifyReply): Promise<void> => {
    const workspace = authenticate(request.headers);
    requireVersion(request.headers);
    const { id } = request.params;
    const read = unwrap(machine.readResults({ workspace, id, now: now() }));
    refuseByFault(machine, id);
    const contentType = machine.faults.fires('results-content-type') ? 'text/plain' : 'application/x-jsonl';
    const headers = { ...reply.getHeaders(), 'content-type': contentType } as Record<string, string>;
    const spoiler = drawLineSpoiler({
      faults: machine.faults,
      batchId: id,
      lineCount: read.record.lineCount,
      seed: machine.seed,
      readNumber: read.readNumber,
      otherId: machine.anyCustomId(read.otherBatchId),
    });
    reply.hijack();
    reply.raw.writeHead(200, headers);
    await (spoiler ? writeSpoilt(reply.raw, read, spoiler) : writeStored(reply.raw, read));
  };
}

function refuseByFault({ faults }: SimulatorMachine, id: string): void {
  if (faults.firesOnRead('results-404', id)) throw new ApiFailure(apiError('not_found_error', `No results of ${id}.`));
  if (faults.firesOnRead('results-503', id)) {
    throw new ApiFailure(apiError('api_error', 'Service unavailable', { httpStatus: 503 }));
  }
}

async function writeStored(raw: ServerResponse, { chunks, record }: ResultsRead): Promise<void> {
  for (const lines of chunks) {
    if (lines.length === 0) continue;
    const sent = record.hugeLine ? lines.map(line => padded(record, line)) : lines;
    if (!(await write(raw, `${sent.join('\n')}\n`))) return;
  }
  raw.end();
}

async function writeSpoilt(raw: ServerResponse, { chunks, record }: ResultsRead, spoil: LineSpoiler): Promise<void> {
  for (const step of spoil(flattenChunks(chunks))) {
    if (step.type === 'reset') {
      // An empty write's callback comes after all before it has been handed to the kernel.
      raw.write('\n', () => raw.socket?.resetAndDestroy());
      return;
    }
    const text = padded(record, step.text);
    if (!(await write(raw, step.isWhole ? `${text}\n` : text))) return;
  }
  raw.end();
}

function padded({ hugeLine }: ResultsRead['record'], line: string): string {
  return hugeLine && idOf(line) === hugeLine.customId ? padLine(line, hugeLine.bytes) : line;
}

/** False when the reader has gone. */
async function write(raw: ServerResponse, text: string): Promise<boolean> {
  if (raw.destroyed) return false;
  if (raw.write(text)) return true;
  const gone = new AbortController();
  await Promise.race([once(raw, 'drain', gone), once(raw, 'close', gone)]).finally(() => gone.abort());
  return !raw.destroyed;
}
