import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { decideMessage } from '../faults/decide-message.ts';
import { apiError } from '../machine/api-error.ts';
import { simulatedModels } from '../machine/models.ts';
import { ApiFailure, unwrap } from './api-failure.ts';
import { authenticate, requireVersion } from './authenticate.ts';
import { withoutActing, withoutReply } from './faulty-replies.ts';
import { dropConnection, type HttpContext } from './http-context.ts';
import { readBody } from './read-body.ts';
import { streamEvents } from './stream-events.ts';

/** Messages: create (also streamed), count_tokens; models. */
export function addMessageRoutes(app: FastifyInstance, { machine, now, schedule }: HttpContext): void {
  app.post('/v1/messages', (request: FastifyRequest, reply: FastifyReply) => {
    const workspace = authenticate(request.headers);
    const version = requireVersion(request.headers);
    const params = readBody(request, machine.bytesMax);
    const decision = decideMessage(machine.faults);
    if (decision.act === 'never') return withoutActing(decision, reply);
    const create = () => machine.createMessage({ workspace, version, params, now: now() });
    if (decision.act === 'later') {
      schedule(decision.delayMs / machine.timeScale, () => void create());
      return dropConnection(reply);
    }
    const message = unwrap(create());
    if (decision.reply !== 'normal') return withoutReply(decision.reply, reply);
    if (!isStreamed(params)) return message;
    return reply.type('text/event-stream; charset=utf-8').send(streamEvents(message));
  });
  app.post('/v1/messages/count_tokens', (request: FastifyRequest) => {
    authenticate(request.headers);
    const version = requireVersion(request.headers);
    return unwrap(machine.countTokens({ version, params: readBody(request, machine.bytesMax) }));
  });
  app.get('/v1/models', (request: FastifyRequest) => {
    authenticate(request.headers);
    requireVersion(request.headers);
    const data = [...simulatedModels.keys()].map(wireModel);
    return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  });
  app.get('/v1/models/:id', (request: FastifyRequest<{ Params: { id: string } }>) => {
    authenticate(request.headers);
    requireVersion(request.headers);
    if (!simulatedModels.has(request.params.id)) {
      throw new ApiFailure(apiError('not_found_error', `model: ${request.params.id}`));
    }
    return wireModel(request.params.id);
  });
}

function wireModel(id: string) {
  return { id, type: 'model', display_name: id, created_at: '2026-01-01T00:00:00Z' };
}

function isStreamed(params: unknown): boolean {
  return typeof params === 'object' && params !== null && 'stream' in params && params.stream === true;
}
