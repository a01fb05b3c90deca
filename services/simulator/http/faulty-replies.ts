import type { FastifyReply } from 'fastify';
import type { CallDecision } from '../faults/decide-create.ts';
import { dropConnection, hang, sendError, sendHtml } from './http-context.ts';

/** What the caller sees of a call that did nothing. */
export function withoutActing(decision: Extract<CallDecision, { act: 'never' }>, reply: FastifyReply): unknown {
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

/** What the caller sees of a call that did what it should, and whose reply is lost. */
export function withoutReply(how: 'drop' | 'html-502' | 'hang', reply: FastifyReply): unknown {
  switch (how) {
    case 'drop':
      return dropConnection(reply);
    case 'html-502':
      return sendHtml(reply, 502, '502 Bad Gateway');
    case 'hang':
      return hang(reply);
  }
}
