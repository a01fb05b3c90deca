/**
 * A provider that costs nothing to wait for: the Message Batches API as far as a batch loop uses it, with every batch
 * ended at its first look. A process of its own, so that its CPU is nobody else's. It prints `{"port":N}` when it
 * listens and goes when its standard input closes, so no responder outlives the program that started it.
 *
 * Its only argument is `ResponderOptions` as JSON: with them it makes callers wait, lets batches live, and writes a bill.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
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

/** What a responder does beyond answering at once. */
export interface ResponderOptions {
  /** Before a create is answered, ms. */
  createMs?: number;
  /** A batch ends so long after its create, ms; absent: at its first look. */
  lifeMs?: number;
  /** Each custom id that was bought goes to the end of this file, one a line. */
  billFile?: string;
}

const options = JSON.parse(process.argv[2] ?? '{}') as ResponderOptions;
const bill: WriteStream | null = options.billFile === undefined ? null : createWriteStream(options.billFile);

let requestsSeen = 0;
/** By what was asked, and when the first of each kind came since the last `/calls?reset`. */
let calls = noCalls();

function noCalls(): Record<CallKind, { count: number; firstAtMs: number | null }> {
  const none = (): { count: number; firstAtMs: number | null } => ({ count: 0, firstAtMs: null });
  return { create: none(), list: none(), retrieve: none(), results: none() };
}

export type CallKind = 'create' | 'list' | 'retrieve' | 'results';

async function serve(): Promise<void> {
  const server = createServer();
  // The default of 5 s closes idle connections under a client that is about to use one: a lost create.
  server.keepAliveTimeout = 600_000;
  server.requestTimeout = 0;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  const batches = createCannedBatches(baseUrl, options.lifeMs ?? null);
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
    const body = Buffer.concat(chunks);
    const reply = answer({ method: request.method ?? 'GET', url, body, batches });
    const isCreate = request.method === 'POST' && url.pathname === batchesPath;
    if (isCreate && options.createMs !== undefined) setTimeout(() => send(response, reply), options.createMs);
    else send(response, reply);
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
  if (method === 'POST' && path === batchesPath) return create(body, { batches, now });
  if (method === 'POST' && path === '/hold')
    return json(JSON.stringify(batches.hold(url.searchParams.get('is') === '1')));
  if (method !== 'GET') return notFound();
  if (path === batchesPath) {
    called('list', now);
    return json(batches.list({ ...readPage(url), now }));
  }
  if (path === '/calls') {
    const text = JSON.stringify(calls);
    if (url.searchParams.has('reset')) calls = noCalls();
    return json(text);
  }
  if (path === '/sold') return json(JSON.stringify({ ...batches.sold(), cpuMs: cpuMs() }));
  if (path === '/creates') {
    const sinceMs = Number(url.searchParams.get('since') ?? 0);
    return json(JSON.stringify({ creates: batches.createsSince(sinceMs) }));
  }
  if (!path.startsWith(`${batchesPath}/`)) return notFound();
  const [id = '', leaf] = path.slice(batchesPath.length + 1).split('/');
  called(leaf === 'results' ? 'results' : 'retrieve', now);
  if (leaf === 'results') return found(batches.results(id, now), 'application/x-jsonl');
  return found(batches.retrieve(id, now), 'application/json');
}

function create(body: Buffer, { batches, now }: { batches: CannedBatches; now: number }): Reply {
  called('create', now);
  const customIds = readCustomIds(body);
  bill?.write(`${customIds.join('\n')}\n`);
  return json(batches.create(customIds, now));
}

function called(kind: CallKind, now: number): void {
  calls[kind].count += 1;
  calls[kind].firstAtMs ??= now;
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
