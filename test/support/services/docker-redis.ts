import { Redis } from 'ioredis';
import { durableSettings } from './local-redis.ts';
import type { RedisService } from './start-redis.ts';

const image = 'redis:8';

/** A server in a container. It can be emptied; tests that end it or start it again want a process of this machine instead. */
export async function startDockerRedis(): Promise<RedisService> {
  const { RedisContainer } = await import('@testcontainers/redis');
  const args = Object.entries(durableSettings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const container = await new RedisContainer(image).withCommand(['redis-server', ...args]).start();
  // Started again it would have another port, and its clients the old one.
  const refuse = (): never => {
    throw new Error(
      'a container is neither ended nor started again: start a server of this machine with { isOwn: true }',
    );
  };
  return {
    url: container.getConnectionUrl(),
    pid: null,
    directory: null,
    kill: async () => refuse(),
    restart: async () => refuse(),
    cutTail: refuse,
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
