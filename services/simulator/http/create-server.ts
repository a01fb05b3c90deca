import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { apiError } from '../machine/api-error.ts';
import { organizationId, workspaceId } from '../machine/owner.ts';
import { ApiFailure } from './api-failure.ts';
import { authenticate } from './authenticate.ts';
import { addBatchRoutes } from './batch-routes.ts';
import { type HttpContext, sendError } from './http-context.ts';
import { addMessageRoutes } from './message-routes.ts';
import { RateWindow } from './rate-window.ts';
import { addSimulatorRoutes } from './simulator-routes.ts';
import { addUsageRoutes } from './usage-routes.ts';

/** Longer than any client keeps an idle connection, so that a create never meets a closing socket by accident. */
const keepAliveMs = 120_000;

/** The wire: routes, reply headers, error envelopes. Does not listen yet. */
export function createServer(context: HttpContext): FastifyInstance {
  const { machine, now } = context;
  const app = fastify({
    bodyLimit: machine.bytesMax,
    forceCloseConnections: true,
    keepAliveTimeout: keepAliveMs,
    logger: false,
    routerOptions: { maxParamLength: 256 },
  });
  const window = new RateWindow();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
  app.addHook('onRequest', (request, reply, next) => {
    void reply.header('request-id', machine.nextRequestId());
    if (request.url.startsWith('/v1/')) {
      // Also what is refused later names its owner; without a key there is none.
      try {
        addOwnerHeaders(reply, authenticate(request.headers));
        void reply.headers(window.headers(now()));
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
      }
    }
    next();
  });
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof ApiFailure) return sendError(reply, error.error);
    if (error instanceof Error && 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      return sendError(reply, apiError('request_too_large', 'Request exceeds the maximum size'));
    }
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    const message = error instanceof Error ? error.message : String(error);
    return sendError(reply, apiError(status < 500 ? 'invalid_request_error' : 'api_error', message));
  });
  app.setNotFoundHandler((_request, reply) => sendError(reply, apiError('not_found_error', 'Not found')));
  addBatchRoutes(app, context);
  addMessageRoutes(app, context);
  addUsageRoutes(app, context);
  addSimulatorRoutes(app, context);
  return app;
}

function addOwnerHeaders(reply: FastifyReply, workspace: string): void {
  void reply.headers({
    'anthropic-organization-id': organizationId,
    'anthropic-workspace-id': workspaceId(workspace),
  });
}
