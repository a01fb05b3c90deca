import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { FlotillaError } from '#errors/flotilla-error.ts';

/** One thing that has to be well for work to be accepted. */
export interface Readiness {
  name: string;
  isOk: boolean;
  found: string;
}

export interface HealthServer {
  url: string;
  close(): Promise<void>;
}

/**
 * `/healthz`: the process is alive, nothing is looked at. `/readyz`: it can work, with the list of checks; else 503.
 * @throws FlotillaError invalid-usage when the port is taken
 */
export async function startHealthServer(options: {
  host: string;
  port: number;
  readiness: () => Promise<readonly Readiness[]>;
}): Promise<HealthServer> {
  const { host, port, readiness } = options;
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const checks = await readiness();
    const isReady = checks.every(({ isOk }) => isOk);
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', checks });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'there is /healthz and /readyz' }));
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? `port ${port} is in use` : message;
    throw new FlotillaError('invalid-usage', { where: `${host}:${port}`, why, fix: 'give --port 0', cause });
  }
  const { port: bound } = app.server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () => app.close(),
  };
}
