import { startDockerRedis } from './docker-redis.ts';
import { startLocalRedis } from './local-redis.ts';
import { startByChain } from './service-chain.ts';

export interface StartRedisOptions {
  /** A server that this test may kill and cut: a process of this machine, whatever the environment offers. */
  isOwn?: boolean;
  /** More of a server's settings, as `redis.conf` names them; they come after ours and win. */
  settings?: Readonly<Record<string, string | number>>;
}

export interface RedisService {
  url: string;
  /** Null where it is no process of ours. */
  pid: number | null;
  /** Where a local server keeps its append-only files; null elsewhere. */
  directory: string | null;
  /** Resolves when the process is gone; its directory stays. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it on the same directory and port, killing it first if it runs; resolves when it answers. */
  restart(): Promise<void>;
  /** Cuts bytes off the end of its append-only file: what a crash of the machine takes. Only while it is down. */
  cutTail(bytes: number): void;
  /** Everything in it is gone. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** A real Redis for one test file: `FLOTILLA_REDIS_URL`, else Docker, else `redis-server`. */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisService> {
  // Somebody else's server has settings of its own.
  if (options.isOwn || options.settings) return startLocalRedis(options);
  return startByChain({
    fromEnvironment: () => givenRedis(process.env.FLOTILLA_REDIS_URL),
    fromDocker: startDockerRedis,
    fromPrograms: () => startLocalRedis(options),
  });
}

function givenRedis(url: string | undefined): RedisService | null {
  if (url === undefined || url === '') return null;
  const refuse = (): never => {
    throw new Error('the server of FLOTILLA_REDIS_URL is not ours to end or to empty');
  };
  return {
    url,
    pid: null,
    directory: null,
    kill: async () => refuse(),
    restart: async () => refuse(),
    cutTail: refuse,
    flush: async () => refuse(),
    stop: async () => {},
  };
}
