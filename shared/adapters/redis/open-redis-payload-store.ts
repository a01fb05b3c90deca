import type { PayloadStore } from '#ports/payload-store.ts';
import type { RedisConnection } from './open-redis.ts';
import { packPayload, unpackPayload } from './pack-payload.ts';

export interface RedisPayloadStoreOptions {
  redis: Pick<RedisConnection, 'client' | 'memory'>;
  /** Fleets may share a server. */
  prefix: string;
  /** Most are deleted within seconds, when their batch is created; what nobody deletes goes by itself. */
  ttlMs?: number;
  /** A larger payload is not kept. Before it is packed. */
  payloadBytesMax?: number;
}

const ttlMsDefault = 3_600_000;
const payloadBytesMaxDefault = 32 * 1024 ** 2;

/**
 * One value per batch. A cache in every way: what cannot be written is not kept, what cannot be read is not there, and the
 * documents are read from the log. So nothing here rejects: a server that is away must hold back neither seal nor create.
 */
export function openRedisPayloadStore(options: RedisPayloadStoreOptions): PayloadStore {
  const { redis, prefix, ttlMs = ttlMsDefault, payloadBytesMax = payloadBytesMaxDefault } = options;
  const { client, memory } = redis;
  const keyOf = (bk: string): string => `${prefix}:payload:${bk}`;
  /** A value of before must not outlive one that could not be kept. */
  const forget = async (bk: string): Promise<void> => {
    await client.unlink(keyOf(bk)).catch(() => {});
  };
  return {
    async put(bk, payload) {
      if (payload.byteLength > payloadBytesMax || !memory.hasRoomForPayloads()) return forget(bk);
      await packPayload(payload)
        .then(packed => client.set(keyOf(bk), packed, 'PX', ttlMs))
        .catch(() => forget(bk));
    },
    async get(bk) {
      const packed = await client.getBuffer(keyOf(bk)).catch(() => null);
      return packed && unpackPayload(packed, payloadBytesMax);
    },
    delete: forget,
  };
}
