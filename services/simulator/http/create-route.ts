import type { FastifyReply, FastifyRequest } from 'fastify';
import { decideCreate } from '../faults/decide-create.ts';
import { wireBatch } from '../machine/batch-record.ts';
import { validateEnvelope } from '../machine/validate-envelope.ts';
import { ApiFailure, unwrap } from './api-failure.ts';
import { authenticate, requireVersion } from './authenticate.ts';
import { baseUrlOf } from './base-url.ts';
import { withoutActing, withoutReply } from './faulty-replies.ts';
import { dropConnection, type HttpContext } from './http-context.ts';
import { readBody } from './read-body.ts';

/** POST /v1/messages/batches, with what faults make of it. */
export function createRoute(context: HttpContext) {
  return (request: FastifyRequest, reply: FastifyReply): unknown => {
    const workspace = authenticate(request.headers);
    const version = requireVersion(request.headers);
    const decision = decideCreate(context.machine.faults);
    if (decision.act === 'never') return withoutActing(decision, reply);
    const envelope = validateEnvelope(readBody(request, context.machine.bytesMax));
    if (envelope.status === 'invalid') throw new ApiFailure(envelope.error);
    const create = () => context.machine.createBatch({ workspace, version, items: envelope.items, now: context.now() });
    if (decision.act === 'later') {
      context.schedule(decision.delayMs / context.machine.timeScale, () => void create());
      return dropConnection(reply);
    }
    if (decision.reply === 'normal') return wireBatch(unwrap(create()), baseUrlOf(request));
    create();
    return withoutReply(decision.reply, reply);
  };
}
