/**
 * A provider that costs nothing to wait for: the Message Batches API as far as a batch loop uses it, with every batch
 * ended at its first look. A process of its own, so that its CPU is nobody else's. It prints `{"port":N}` when it
 * listens and goes when its standard input closes, so no responder outlives the program that started it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CannedBatches, createCannedBatches } from './canned-batches.ts';

const batchesPath = '/v1/messages/batches';
const listLimitDefault = 20;
const listLimitMax = 1_000;
const customIdMark = '"custom_id":"';
const quote = 0x22;

interface Reply {
  status: number;
  contentType: string;
  body: string;
}

let requestsSeen = 0;

async function serve(): Promise<void> {
  const server = createServer();
  // The default of 5 s closes idle connections under a client that is about to use one: a lost create.
  server.keepAliveTimeout = 600_000;
  server.requestTimeout = 0;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  const batches = createCannedBatches(baseUrl);
  server.on('request', (request, response) => receive({ request, response, baseUrl, batches }));
  process.stdin.resume().on('close', () => process.exit(0));
  process.stdout.write(`${JSON.stringify({ port })}\n`);
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  baseUrl: string;
  batches: CannedBatches;
}

function receive({ request, response, baseUrl, batches }: Exchange): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const url = new URL(request.url ?? '/', baseUrl);
    send(response, answer({ method: request.method ?? 'GET', url, body: Buffer.concat(chunks), batches }));
  });
}

interface Call {
  method: string;
  url: URL;
  body: Buffer;
  batches: CannedBatches;
}

function answer({ method, url, body, batches }: Call): Reply {
  const now = Date.now();
  const path = url.pathname;
  if (method === 'POST' && path === batchesPath) return json(batches.create(readCustomIds(body), now));
  if (method !== 'GET') return notFound();
  if (path === batchesPath) return json(batches.list({ ...readPage(url), now }));
  if (path === '/sold') return json(JSON.stringify({ ...batches.sold(), cpuMs: cpuMs() }));
  if (path === '/creates') {
    const sinceMs = Number(url.searchParams.get('since') ?? 0);
    return json(JSON.stringify({ creates: batches.createsSince(sinceMs) }));
  }
  if (!path.startsWith(`${batchesPath}/`)) return notFound();
  const [id = '', leaf] = path.slice(batchesPath.length + 1).split('/');
  if (leaf === 'results') return found(batches.results(id), 'application/x-jsonl');
  return found(batches.retrieve(id, now), 'application/json');
}

/**
 * Finds the ids without parsing the documents. A document that quotes the mark has its quotes escaped, so it never
 * matches; and slices are taken from the buffer, because slices of a string would keep the whole body alive.
 */
function readCustomIds(body: Buffer): string[] {
  const customIds: string[] = [];
  for (let at = body.indexOf(customIdMark); at !== -1; at = body.indexOf(customIdMark, at)) {
    const start = at + customIdMark.length;
    at = body.indexOf(quote, start);
    customIds.push(body.toString('latin1', start, at));
  }
  return customIds;
}

function readPage(url: URL): { limit: number; afterId: string | null } {
  const limit = Number(url.searchParams.get('limit') ?? listLimitDefault);
  return { limit: Math.min(limit, listLimitMax), afterId: url.searchParams.get('after_id') };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function json(body: string): Reply {
  return { status: 200, contentType: 'application/json', body };
}

function found(body: string | null, contentType: string): Reply {
  return body === null ? notFound() : { status: 200, contentType, body };
}

function notFound(): Reply {
  const error = { type: 'not_found_error', message: 'Not found' };
  return { ...json(JSON.stringify({ type: 'error', error, request_id: requestId() })), status: 404 };
}

function requestId(): string {
  return `req_011${String(requestsSeen).padStart(21, '0')}`;
}

function send(response: ServerResponse, { status, contentType, body }: Reply): void {
  requestsSeen += 1;
  // Every body is ASCII: ids are, and the rest is ours.
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': body.length,
    'request-id': requestId(),
    'anthropic-organization-id': '3f2c1a52-0000-4000-8000-000000000001',
    'anthropic-workspace-id': 'wrkspc_01BenchBenchBenchBench',
  });
  response.end(body, 'latin1');
}

await serve();
