import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import { boardPath } from './security-headers.ts';

/** A queue of BullMQ, as bull-board takes it; whose connection it is we do not ask. */
export type BoardQueue = ConstructorParameters<typeof BullMQAdapter>[0];

/** The page asks a server of fonts; nothing is loaded from elsewhere here. */
const remoteLinks = /<link[^>]+href="https?:[^>]+>/g;

/**
 * bull-board over the fleet's queues: jobs are hints and carry ids only. Read-only, because its buttons would mislead: what
 * they do to a job is undone by the next sweep, and none of them sends a document again.
 */
export async function mountQueueBoard(app: FastifyInstance, queues: readonly BoardQueue[]): Promise<void> {
  const board = new FastifyAdapter();
  createBullBoard({
    queues: queues.map(queue => new BullMQAdapter(queue, { readOnlyMode: true, delimiter: '-' })),
    serverAdapter: board,
    // Ours take jobs by hand, which it does not see: it would say that there are none.
    options: {
      uiConfig: { showWorkers: false, boardTitle: 'Flotilla queues', hideRedisDetails: true, favIcon: noIcon },
    },
  });
  board.setBasePath(boardPath);
  await app.register((scope, _options, done) => {
    scope.addHook('onSend', (_request, reply, payload, sent) => {
      const isPage = String(reply.getHeader('content-type') ?? '').startsWith('text/html');
      sent(null, isPage && typeof payload === 'string' ? payload.replace(remoteLinks, '') : payload);
    });
    scope.register(board.registerPlugin(), { prefix: boardPath });
    done();
  });
}

const noIcon = { default: '/icon.svg', alternative: '/icon.svg' };
