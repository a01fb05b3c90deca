import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { apiError } from '../machine/api-error.ts';
import { wireBatch } from '../machine/batch-record.ts';
import { ApiFailure, unwrap } from './api-failure.ts';
import { authenticate, requireVersion } from './authenticate.ts';
import { baseUrlOf } from './base-url.ts';
import { createRoute } from './create-route.ts';
import { type HttpContext, sendHtml } from './http-context.ts';
import { resultsRoute } from './results-route.ts';

type ById = FastifyRequest<{ Params: { id: string } }>;
type ByQuery = FastifyRequest<{ Querystring: Record<string, string | undefined> }>;

/** Message Batches: create, list, retrieve, cancel, delete, results. */
export function addBatchRoutes(app: FastifyInstance, context: HttpContext): void {
  const { machine, now } = context;
  const called = ({ headers }: FastifyRequest) => {
    const workspace = authenticate(headers);
    requireVersion(headers);
    return { workspace, now: now() };
  };
  app.post('/v1/messages/batches', createRoute(context));
  app.get('/v1/messages/batches', (request: ByQuery) => {
    const caller = called(request);
    if (machine.faults.fires('list-503')) {
      throw new ApiFailure(apiError('api_error', 'Service unavailable', { httpStatus: 503 }));
    }
    const { batches, hasMore } = unwrap(machine.listBatches({ ...caller, ...listQuery(request.query) }));
    const data = batches.map(record => wireBatch(record, baseUrlOf(request)));
    return { data, has_more: hasMore, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  });
  app.get('/v1/messages/batches/:id', (request: ById, reply: FastifyReply) => {
    const caller = called(request);
    if (machine.faults.fires('retrieve-502')) return sendHtml(reply, 502, '502 Bad Gateway');
    return wireBatch(unwrap(machine.getBatch({ ...caller, id: request.params.id })), baseUrlOf(request));
  });
  app.post('/v1/messages/batches/:id/cancel', (request: ById) =>
    wireBatch(unwrap(machine.cancelBatch({ ...called(request), id: request.params.id })), baseUrlOf(request)),
  );
  app.delete('/v1/messages/batches/:id', (request: ById) => {
    const { id } = unwrap(machine.deleteBatch({ ...called(request), id: request.params.id }));
    return { id, type: 'message_batch_deleted' };
  });
  app.get('/v1/messages/batches/:id/results', resultsRoute(context));
}

function listQuery({ limit, after_id: afterId, before_id: beforeId }: Record<string, string | undefined>) {
  return {
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(afterId === undefined ? {} : { afterId }),
    ...(beforeId === undefined ? {} : { beforeId }),
  };
}
