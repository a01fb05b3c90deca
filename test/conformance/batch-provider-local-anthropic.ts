import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The kinds of call the API has here. */
export type CallKind = 'create' | 'message' | 'list' | 'get' | 'results' | 'cancel';

export interface ReceivedCall {
  kind: CallKind | 'other';
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Answers one call in place of the server. `accept` is what the server would have done. */
export type Script = (call: { response: ServerResponse; received: ReceivedCall; accept: () => LocalBatch }) => void;

export interface LocalBatch {
  id: string;
  items: { customId: string; params: string }[];
  /** Null until it has ended. */
  resultLines: string[] | null;
  counts: { processing: number; succeeded: number; errored: number; canceled: number; expired: number };
  createdAt: string;
  endedAt: string | null;
  archivedAt: string | null;
  status: 'in_progress' | 'canceling' | 'ended';
}

export interface LocalAnthropic {
  baseUrl: string;
  calls: ReceivedCall[];
  batches: Map<string, LocalBatch>;
  /** Headers of every reply; none shows an owner when emptied. */
  ownerHeaders: Record<string, string>;
  /** Answers every call but those that buy, while it is set. */
  readFault: Script | null;
  /** The next call of that kind is answered by the script; several queue up. */
  script(kind: CallKind, script: Script): void;
  /** Resolves when the next call of that kind has been read whole. */
  arrival(kind: CallKind): Promise<ReceivedCall>;
  countOf(kind: CallKind): number;
  /** Ends the batch with these lines, counted by their result types. */
  end(id: string, resultLines: string[]): void;
  stop(): Promise<void>;
}

/**
 * A few lines of Anthropic's Message Batches API on a real socket, with bodies as recorded in the facts of
 * 2026-11-21. It does what it is told and checks nothing: the product's simulator is somebody else's work.
 */
export async function startLocalAnthropic(): Promise<LocalAnthropic> {
  const scripts = new Map<CallKind, Script[]>();
  const waiting = new Map<CallKind, ((call: ReceivedCall) => void)[]>();
  const server = createServer((request, response) => {
    void readCall(request).then(
      received => answer(received, response),
      () => response.destroy(),
    );
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));

  const local: LocalAnthropic = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: [],
    batches: new Map(),
    ownerHeaders: { 'anthropic-organization-id': 'org_1', 'anthropic-workspace-id': 'wrkspc_1' },
    readFault: null,
    script: (kind, script) => void scripts.set(kind, [...(scripts.get(kind) ?? []), script]),
    arrival: kind => new Promise(resolve => void waiting.set(kind, [...(waiting.get(kind) ?? []), resolve])),
    countOf: kind => local.calls.filter(call => call.kind === kind).length,
    end: (id, resultLines) => endBatch(local.batches.get(id)!, resultLines),
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  const answer = (received: ReceivedCall, response: ServerResponse): void => {
    local.calls.push(received);
    const kind = received.kind;
    for (const [name, value] of Object.entries(local.ownerHeaders)) response.setHeader(name, value);
    response.setHeader('request-id', 'req_011CSHoEeqs5C35K2UUqR7Fy');
    const isPurchase = kind === 'create' || kind === 'message';
    const fault = isPurchase ? null : local.readFault;
    const script = fault ?? (kind === 'other' ? undefined : scripts.get(kind)?.shift());
    if (script) script({ response, received, accept: () => accept(local, received) });
    else answerCall(local, received, response);
    if (kind !== 'other') waiting.get(kind)?.shift()?.(received);
  };
  return local;
}

/** One `succeeded` line, as recorded. */
export function succeededLine(customId: string, message: Record<string, unknown> = {}): string {
  return JSON.stringify({
    custom_id: customId,
    result: {
      type: 'succeeded',
      message: {
        id: 'msg_014VwiXbi91y3JMjcpyGBHX5',
        type: 'message',
        role: 'assistant',
        model: 'claude-haiku-5-5',
        content: [{ type: 'text', text: '{"topic":"x"}' }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: {
          input_tokens: 220,
          output_tokens: 34,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 1840,
          cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
          service_tier: 'batch',
        },
        ...message,
      },
    },
  });
}

/** One `errored` line, as recorded. */
export function erroredLine(customId: string, error: Record<string, unknown>): string {
  const envelope = { type: 'error', error, request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy' };
  return JSON.stringify({ custom_id: customId, result: { type: 'errored', error: envelope } });
}

export function sendError(response: ServerResponse, httpStatus: number, error: Record<string, unknown>): void {
  response.writeHead(httpStatus, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ type: 'error', error, request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy' }));
}

export function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

/** The batch as the API shows it. */
export function toWire(batch: LocalBatch, baseUrl: string): Record<string, unknown> {
  const hasResults = batch.status === 'ended' && batch.archivedAt === null;
  return {
    id: batch.id,
    type: 'message_batch',
    processing_status: batch.status,
    request_counts: batch.counts,
    ended_at: batch.endedAt,
    created_at: batch.createdAt,
    expires_at: '2026-11-22T18:37:24.100435Z',
    archived_at: batch.archivedAt,
    cancel_initiated_at: batch.status === 'canceling' ? batch.createdAt : null,
    results_url: hasResults ? `${baseUrl}/v1/messages/batches/${batch.id}/results` : null,
  };
}

async function readCall(request: IncomingMessage): Promise<ReceivedCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', url = '', headers } = request;
  return { kind: kindOf(method, url), method, url, headers, body: Buffer.concat(chunks) };
}

function kindOf(method: string, url: string): ReceivedCall['kind'] {
  const [path = ''] = url.split('?');
  if (path === '/v1/messages' && method === 'POST') return 'message';
  if (path === '/v1/messages/batches') return method === 'POST' ? 'create' : 'list';
  if (/^\/v1\/messages\/batches\/[^/]+\/results$/.test(path)) return 'results';
  if (/^\/v1\/messages\/batches\/[^/]+\/cancel$/.test(path)) return 'cancel';
  return /^\/v1\/messages\/batches\/[^/]+$/.test(path) ? 'get' : 'other';
}

function answerCall(local: LocalAnthropic, received: ReceivedCall, response: ServerResponse): void {
  if (received.kind === 'create') sendJson(response, toWire(acceptBatch(local, received), local.baseUrl));
  else if (received.kind === 'message') sendJson(response, primedMessage);
  else if (received.kind === 'list') sendJson(response, listPage(local, received.url));
  else answerBatchCall(local, received, response);
}

function answerBatchCall(local: LocalAnthropic, received: ReceivedCall, response: ServerResponse): void {
  const batch = local.batches.get(decodeURIComponent(received.url.split('/')[4] ?? ''));
  if (!batch) sendError(response, 404, { type: 'not_found_error', message: 'Not found' });
  else if (received.kind === 'results') sendResults(batch, response);
  else if (received.kind === 'cancel' && batch.status === 'ended') {
    sendError(response, 400, { type: 'invalid_request_error', message: 'Batch has ended' });
  } else {
    if (received.kind === 'cancel') batch.status = 'canceling';
    sendJson(response, toWire(batch, local.baseUrl));
  }
}

function sendResults(batch: LocalBatch, response: ServerResponse): void {
  if (!batch.resultLines) sendError(response, 404, { type: 'not_found_error', message: 'No results yet' });
  else response.end(batch.resultLines.map(line => `${line}\n`).join(''));
}

/** A message makes no batch: what is returned for one is on no list. */
const accept = (local: LocalAnthropic, received: ReceivedCall): LocalBatch =>
  received.kind === 'create' ? acceptBatch(local, received) : newBatch('', []);

/** The reply to `max_tokens: 0`. */
const primedMessage = {
  id: 'msg_014VwiXbi91y3JMjcpyGBHX5',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-5-5',
  content: [],
  stop_reason: 'max_tokens',
  stop_sequence: null,
  usage: {
    input_tokens: 3,
    output_tokens: 0,
    cache_creation_input_tokens: 1840,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 1840, ephemeral_1h_input_tokens: 0 },
    service_tier: 'standard',
  },
};

/** Keeps each item's parameters as the text it came as: the JSON is well formed, so brackets and strings tell. */
function acceptBatch(local: LocalAnthropic, received: ReceivedCall): LocalBatch {
  const text = received.body.toString();
  const { requests } = JSON.parse(text) as { requests: { custom_id: string }[] };
  let from = 0;
  const items = requests.map(({ custom_id: customId }) => {
    const start = text.indexOf('"params":', text.indexOf(JSON.stringify(customId), from)) + '"params":'.length;
    from = endOfObject(text, start);
    return { customId, params: text.slice(start, from) };
  });
  const batch = newBatch(`msgbatch_${String(local.batches.size + 1).padStart(8, '0')}`, items);
  local.batches.set(batch.id, batch);
  return batch;
}

const newBatch = (id: string, items: LocalBatch['items']): LocalBatch => ({
  id,
  items,
  resultLines: null,
  counts: { processing: items.length, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
  createdAt: '2026-11-21T18:37:24.100435Z',
  endedAt: null,
  archivedAt: null,
  status: 'in_progress',
});

function endOfObject(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function listPage(local: LocalAnthropic, url: string): Record<string, unknown> {
  const query = new URLSearchParams(url.split('?')[1]);
  const newestFirst = [...local.batches.values()].reverse();
  const start = newestFirst.findIndex(batch => batch.id === query.get('after_id')) + 1;
  const page = newestFirst.slice(start, start + Number(query.get('limit') ?? 20));
  return {
    data: page.map(batch => toWire(batch, local.baseUrl)),
    has_more: start + page.length < newestFirst.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

function endBatch(batch: LocalBatch, resultLines: string[]): void {
  const counts = { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 };
  for (const line of resultLines) {
    const { result } = JSON.parse(line) as { result: { type: keyof typeof counts } };
    counts[result.type] += 1;
  }
  batch.counts = counts;
  batch.resultLines = resultLines;
  batch.status = 'ended';
  batch.endedAt = '2026-11-21T18:52:10.000000Z';
}
