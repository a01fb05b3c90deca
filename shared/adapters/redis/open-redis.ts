import { readFileSync } from 'node:fs';
import { Redis, type RedisOptions } from 'ioredis';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { RedisMemory } from './redis-memory.ts';
import { readServerFacts, type ServerFacts, serverFault } from './server-facts.ts';
import { shownUrl, toRedisError } from './to-redis-error.ts';

export interface OpenRedisOptions {
  /** `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS. */
  url: string;
  /** PEM file of the authority that signed its certificate. */
  caFile?: string;
  /** Shown by `CLIENT LIST`. */
  name?: string;
  /** How long the first connection may take; default 15 s. */
  startMs?: number;
  /** Told when the server goes away (with why) and when it is back (null). */
  onTrouble?: (trouble: FlotillaError | null) => void;
}

/** One server, checked, with one connection for what answers at once. */
export interface RedisConnection {
  /** Refuses commands at once while the server is away; nothing is sent twice. */
  client: Redis;
  /** The address without its password. */
  shownUrl: string;
  memory: RedisMemory;
  /** What keeps it from being used now; null while all is well. */
  trouble(): FlotillaError | null;
  close(): Promise<void>;
}

const startMsDefault = 15_000;
/** Quick at first, and never so long that a server that is back waits for us. */
const reconnectMsMax = 2_000;
/** A server that answers nothing for so long is not there, whatever TCP says. */
const silentMs = 3_000;

/**
 * Connects, and refuses a server that would lose hints without a word.
 * @throws FlotillaError queue-unavailable when it is not reached in time, redis-unfit, invalid-config without that file
 */
export async function openRedis(options: OpenRedisOptions): Promise<RedisConnection> {
  const where = shownUrl(options.url);
  const client = new Redis(options.url, clientOptions(options));
  let lastError: unknown = null;
  let trouble: FlotillaError | null = null;
  client.on('connect', () => writeOncePerTurn(client.stream));
  client.on('error', (error: unknown) => {
    lastError = error; // every failed attempt to connect; `close` and `ready` tell what matters
  });
  let facts: ServerFacts;
  try {
    await becomeReady(client, { withinMs: options.startMs ?? startMsDefault, lastError: () => lastError, where });
    facts = await readFacts(client);
    const fault = serverFault(facts, where);
    if (fault) throw fault;
  } catch (error) {
    client.disconnect();
    throw toRedisError(error, where);
  }
  const setTrouble = (now: FlotillaError | null): void => {
    if (now === null && trouble === null) return;
    const isSame = now !== null && trouble !== null && now.code === trouble.code;
    trouble = now;
    if (!isSame) options.onTrouble?.(now);
  };
  client.on('close', () => setTrouble(toRedisError(lastError ?? new Error('the connection was closed'), where)));
  // Another server may answer now: one that was restarted with other settings, or took over.
  client.on('ready', () => {
    readFacts(client).then(
      now => setTrouble(serverFault(now, where)),
      error => setTrouble(toRedisError(error, where)),
    );
  });
  return {
    client,
    shownUrl: where,
    memory: new RedisMemory({ read: () => readFacts(client), now: () => performance.now(), facts }),
    trouble: () => trouble,
    async close() {
      client.removeAllListeners('close');
      client.disconnect();
    },
  };
}

function clientOptions({ url, caFile, name }: OpenRedisOptions) {
  const tls = caFile === undefined ? undefined : { ca: readAuthority(caFile) };
  return {
    ...(url.startsWith('rediss:') && tls ? { tls } : {}),
    connectionName: name ?? 'flotilla',
    // A hint that could not be written now is of no use later: the sweep writes it again.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: attempt => Math.min(100 * 2 ** Math.min(attempt, 10), reconnectMsMax),
    connectTimeout: silentMs,
    socketTimeout: silentMs,
    lazyConnect: true,
  } satisfies RedisOptions;
}

/** A round puts dozens of payloads and jobs side by side; a write to a socket costs more than what is written. */
function writeOncePerTurn(stream: Redis['stream']): void {
  const write = stream.write.bind(stream) as typeof stream.write;
  stream.write = ((...args: Parameters<typeof write>) => {
    if (stream.writableCorked === 0) {
      stream.cork();
      process.nextTick(() => stream.uncork());
    }
    return write(...args);
  }) as typeof write;
}

function readAuthority(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new FlotillaError('invalid-config', { where: `redis.caFile: ${path}`, why: 'it cannot be read', cause });
  }
}

async function becomeReady(
  client: Redis,
  { withinMs, lastError, where }: { withinMs: number; lastError: () => unknown; where: string },
): Promise<void> {
  const giveUp = AbortSignal.timeout(withinMs);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  client.once('ready', resolve);
  const onError = (error: unknown): void => {
    const known = toRedisError(error, where);
    if (known.code === 'redis-unfit') reject(known); // another attempt would be refused as well
  };
  client.on('error', onError);
  giveUp.addEventListener('abort', () => {
    const cause = lastError();
    const why = `it could not be reached within ${withinMs / 1_000} s${cause ? `: ${String(cause)}` : ''}`;
    reject(
      new FlotillaError('queue-unavailable', { where, why, fix: 'check FLOTILLA_REDIS_URL', isRetryable: true, cause }),
    );
  });
  client.connect().catch(() => {}); // further attempts follow by themselves
  try {
    await promise;
  } finally {
    client.off('error', onError);
    client.off('ready', resolve);
  }
}

async function readFacts(client: Redis): Promise<ServerFacts> {
  return readServerFacts(await client.info());
}
