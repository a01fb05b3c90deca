import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { findDocuments } from '#projection/find-documents.ts';
import { isAllowed, isForLoopback, type TokenHash } from './access.ts';
import { documentPath } from './document-steps.ts';
import type { EventStream } from './event-stream.ts';
import { staleAfterMs } from './overview.ts';
import type { OverviewSource } from './overview-source.ts';
import { readPageFiles } from './page-files.ts';
import type { ProjectionKeeper } from './projection-keeper.ts';
import { type BoardQueue, mountQueueBoard } from './queue-board.ts';
import { boardPath, securityHeaders } from './security-headers.ts';

export interface ServerOptions {
  tokenHash: TokenHash;
  /** True when only this machine reaches it. */
  isOnLoopback: boolean;
  keeper: ProjectionKeeper;
  overview: OverviewSource;
  events: EventStream;
  /** Null: no board. */
  queues: readonly BoardQueue[] | null;
  noBoardWhy: string;
}

/** For orchestrators, which have no token. They say nothing but that. */
const openPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
const nameCharactersMax = 256;
const documentsShownMax = 20;

/** Every route. None of them changes anything: what changes something is asked for on the command line. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const app = fastify({ logger: false, forceCloseConnections: true, bodyLimit: 64 * 1024, requestTimeout: 30_000 });
  app.addHook('onRequest', async (request, reply) => guard(request, reply, options));
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const isReady = options.keeper.freshness.is === 'live';
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready' });
  });
  for (const { path, type, body } of readPageFiles()) app.get(path, (_request, reply) => reply.type(type).send(body));
  app.get('/api/overview', async (_request, reply) => {
    return reply.type('application/json; charset=utf-8').send(await options.overview.text());
  });
  app.get('/api/events', async (request, reply) => sendEvents(request, reply, options));
  app.get('/api/documents', async (request, reply) => sendDocuments(request, reply, options));
  if (options.queues) await mountQueueBoard(app, options.queues);
  else {
    const none = (_request: FastifyRequest, reply: FastifyReply) => reply.code(404).send({ error: options.noBoardWhy });
    app.get(boardPath, none);
    app.get(`${boardPath}/*`, none);
  }
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'there is nothing here; the page is /' }));
  app.setErrorHandler((_error, _request, reply) => reply.code(500).send({ error: 'this did not work; try it again' }));
  return app;
}

async function guard(
  { url, method, headers }: FastifyRequest,
  reply: FastifyReply,
  { tokenHash, isOnLoopback }: ServerOptions,
): Promise<FastifyReply | undefined> {
  const [path = '/'] = url.split('?');
  reply.headers(securityHeaders(path));
  if (isOnLoopback && !isForLoopback(headers.host)) {
    return reply.code(421).send({ error: 'this listens on loopback: ask for 127.0.0.1 or localhost' });
  }
  if (!openPaths.has(path) && !isAllowed(headers.authorization, tokenHash)) {
    reply.header('www-authenticate', 'Basic realm="flotilla console", charset="UTF-8"');
    return reply
      .code(401)
      .send({ error: 'send the token of console.token: as Bearer, or as the password of any name' });
  }
  // Whoever looks changes nothing, so no page from elsewhere can have anything changed (T14).
  if (method !== 'GET' && method !== 'HEAD') {
    return reply.code(405).header('allow', 'GET, HEAD').send({ error: 'this is for looking: use the command line' });
  }
  return undefined;
}

async function sendEvents(_request: FastifyRequest, reply: FastifyReply, { events }: ServerOptions): Promise<void> {
  if (!events.hasRoom) {
    await reply.code(503).header('retry-after', '10').send({ error: 'too many screens are open; close one' });
    return;
  }
  const headers = Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]));
  reply.hijack();
  await events.add(reply.raw, headers);
}

function sendDocuments(request: FastifyRequest, reply: FastifyReply, { keeper }: ServerOptions): FastifyReply {
  const { name } = request.query as { name?: unknown };
  if (typeof name !== 'string' || name === '' || [...name].length > nameCharactersMax) {
    return reply
      .code(400)
      .send({ error: `give ?name= a custom_id or a rid, of at most ${nameCharactersMax} characters` });
  }
  const { projection, freshness } = keeper;
  if (!projection) return reply.code(503).send({ error: 'the projection is being opened; try again in a moment' });
  const documents = findDocuments(projection, name, documentsShownMax).map(documentPath);
  return reply.send({ name, asOf: freshness.asOf, state: freshness.is, staleAfterMs, documents });
}
