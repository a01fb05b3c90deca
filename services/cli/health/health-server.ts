import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { FlotillaError } from '#errors/flotilla-error.ts';

/** One thing that has to be well. */
export interface Readiness {
  name: string;
  isOk: boolean;
  found: string;
}

export interface HealthServer {
  url: string;
  close(): Promise<void>;
}

export interface HealthOptions {
  host: string;
  port: number;
  readiness: () => Promise<readonly Readiness[]>;
  /** What an orchestrator restarts the process for; absent: that it answers is enough. */
  liveness?: () => readonly Readiness[];
  /** The text of `/metrics`; absent: there is no such page. */
  metrics?: () => Promise<{ contentType: string; text: string }>;
}

/**
 * `/healthz`: the process makes progress; nothing outside of it is asked. `/readyz`: it can work, with the list of checks.
 * Both are 503 when a check fails.
 * @throws FlotillaError invalid-usage when the port is taken
 */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const { host, port, readiness, liveness = () => [], metrics } = options;
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.get('/healthz', (_request, reply) => {
    const checks = liveness();
    const isAlive = checks.every(({ isOk }) => isOk);
    return reply.code(isAlive ? 200 : 503).send({ status: isAlive ? 'ok' : 'stuck', checks });
  });
  app.get('/readyz', async (_request, reply) => {
    const checks = await readiness();
    const isReady = checks.every(({ isOk }) => isOk);
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', checks });
  });
  if (metrics) {
    app.get('/metrics', async (_request, reply) => {
      const { contentType, text } = await metrics();
      return reply.header('content-type', contentType).send(text);
    });
  }
  const pages = metrics ? '/healthz, /readyz and /metrics' : '/healthz and /readyz';
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: `there is ${pages}` }));
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
