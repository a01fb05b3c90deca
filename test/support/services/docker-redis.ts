import { Redis } from 'ioredis';
import { durableSettings } from './local-redis.ts';
import type { RedisService } from './start-redis.ts';

const image = 'redis:8';

/** A server in a container. It can be restarted and emptied; chaos tests want a process of this machine instead. */
export async function startDockerRedis(): Promise<RedisService> {
  const { RedisContainer } = await import('@testcontainers/redis');
  const args = Object.entries(durableSettings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const container = await new RedisContainer(image).withCommand(['redis-server', ...args]).start();
  const ownOnly = 'a container is not killed by a signal: start a server of this machine with { isOwn: true }';
  return {
    url: container.getConnectionUrl(),
    pid: null,
    directory: null,
    kill: async () => {
      throw new Error(ownOnly);
    },
    restart: () => container.restart(),
    cutTail: () => {
      throw new Error(ownOnly);
    },
    async flush() {
      const client = new Redis(container.getConnectionUrl());
      await client.flushall();
      await client.quit();
    },
    stop: async () => {
      await container.stop();
    },
  };
}
