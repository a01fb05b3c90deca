import type { Redis } from 'ioredis';
import { FlotillaError } from '#errors/flotilla-error.ts';

/** The Redis that queues are kept in, as `openRedis` gives it. */
export interface QueueServer {
  /** Refuses commands at once while the server is away. */
  client: Redis;
  /** The address without its password. */
  shownUrl: string;
  memory: { hasRoomForJobs(): boolean };
}

export function toQueueError(error: unknown, where: string): FlotillaError {
  if (error instanceof FlotillaError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new FlotillaError('queue-unavailable', { where, why, isRetryable: true, cause: error });
}
