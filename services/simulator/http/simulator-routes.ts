import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpContext } from './http-context.ts';

const pageRowsMax = 10_000;

/** What no provider has: the invoice, the faults that happened, health. They need no key. */
export function addSimulatorRoutes(app: FastifyInstance, { machine, now }: HttpContext): void {
  app.get('/simulator/invoice', (request: FastifyRequest<{ Querystring: { after?: string; limit?: string } }>) => {
    const after = whole(request.query.after, 0);
    const limit = Math.min(pageRowsMax, whole(request.query.limit, pageRowsMax));
    return machine.invoicePage({ now: now(), after, limit });
  });
  app.get('/simulator/faults', () => ({ faults: machine.faults.counts() }));
  app.get('/simulator/health', () => ({ status: 'ok', timeScale: machine.timeScale }));
}

function whole(text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  return Number.isInteger(value) && value >= 0 ? value : otherwise;
}
