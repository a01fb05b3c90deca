import type { FastifyReply, FastifyRequest } from 'fastify';
import { type CreateDecision, decideCreate } from '../faults/decide-create.ts';
import type { Reply } from '../machine/api-error.ts';
import { type BatchRecord, wireBatch } from '../machine/batch-record.ts';
import { validateEnvelope } from '../machine/validate-envelope.ts';
import { ApiFailure, unwrap } from './api-failure.ts';
import { authenticate, requireVersion } from './authenticate.ts';
import { baseUrlOf } from './base-url.ts';
import { dropConnection, type HttpContext, hang, sendError, sendHtml } from './http-context.ts';
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
    return answer(create(), decision.reply, { request, reply });
  };
}

function answer(
  created: Reply<BatchRecord>,
  how: 'normal' | 'drop' | 'html-502' | 'hang',
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): unknown {
  switch (how) {
    case 'normal':
      return wireBatch(unwrap(created), baseUrlOf(request));
    case 'drop':
      return dropConnection(reply);
    case 'html-502':
      return sendHtml(reply, 502, '502 Bad Gateway');
    case 'hang':
      return hang(reply);
  }
}

function withoutActing(decision: Extract<CreateDecision, { act: 'never' }>, reply: FastifyReply): unknown {
  switch (decision.reply) {
    case 'refuse':
      return sendError(reply, decision.error, decision.isHtml);
    case 'hang':
      return hang(reply);
    case 'drop':
    case 'not-connected':
      return dropConnection(reply);
  }
}
