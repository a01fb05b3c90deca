import type { FastifyRequest } from 'fastify';

/** As the client addressed it: what `results_url` begins with. */
export function baseUrlOf(request: FastifyRequest): string {
  return `http://${request.host}`;
}
