import type { FastifyReply } from 'fastify';
import { type ApiError, errorEnvelope } from '../machine/api-error.ts';
import type { SimulatorMachine } from '../machine/simulator-machine.ts';

/** What every route gets. */
export interface HttpContext {
  machine: SimulatorMachine;
  /** The provider's clock, ms since the epoch. */
  now: () => number;
  /** Runs later unless the server is closed before. Delays are divided by the time scale by the caller. */
  schedule: (delayMs: number, run: () => void) => void;
}

/** Writes a refusal as the wire has it; as a page of the edge when `isHtml`. */
export function sendError(reply: FastifyReply, error: ApiError, isHtml = false): FastifyReply {
  if (error.retryAfterSeconds !== undefined) void reply.header('retry-after', String(error.retryAfterSeconds));
  if (isHtml) return sendHtml(reply, error.httpStatus, error.message);
  return reply.code(error.httpStatus).send(errorEnvelope(error, String(reply.getHeader('request-id'))));
}

export function sendHtml(reply: FastifyReply, httpStatus: number, title: string): FastifyReply {
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body><h1>${title}</h1></body>\r\n</html>\r\n`;
  return reply.code(httpStatus).type('text/html').send(page);
}

/** The connection dies without a reply. */
export function dropConnection(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.socket?.destroy();
}

/** No reply ever comes; the connection stays until either side closes it. */
export function hang(reply: FastifyReply): void {
  reply.hijack();
}
