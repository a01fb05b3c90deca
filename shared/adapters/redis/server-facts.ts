import { FlotillaError } from '#errors/flotilla-error.ts';

/** What `INFO` says that decides whether a server may be used, and how full it is. */
export interface ServerFacts {
  /** `7.0.15`. */
  version: string;
  /** Empty when the server does not tell. */
  maxmemoryPolicy: string;
  usedMemoryBytes: number;
  /** 0: no bound of its own. */
  maxmemoryBytes: number;
}

const versionMajorMin = 7;

export function readServerFacts(info: string): ServerFacts {
  const fields = new Map(
    info.split(/\r?\n/).map(line => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)] as const;
    }),
  );
  return {
    version: fields.get('redis_version') ?? '',
    maxmemoryPolicy: fields.get('maxmemory_policy') ?? '',
    usedMemoryBytes: Number(fields.get('used_memory') ?? 0),
    maxmemoryBytes: Number(fields.get('maxmemory') ?? 0),
  };
}

/**
 * Why a server is not used, or null. Any other policy than `noeviction` throws keys away when memory is short, and halves
 * of a job with them: jobs that hang for ever, locks that nobody holds. BullMQ itself only prints a warning (B3).
 */
export function serverFault({ version, maxmemoryPolicy }: ServerFacts, where: string): FlotillaError | null {
  if (!(Number.parseInt(version, 10) >= versionMajorMin)) {
    return new FlotillaError('redis-unfit', {
      where,
      why: `its version is ${version === '' ? 'unknown' : version}, and ${versionMajorMin} is the oldest that is supported`,
      fix: `use Redis ${versionMajorMin} or newer`,
    });
  }
  if (maxmemoryPolicy !== 'noeviction') {
    return new FlotillaError('redis-unfit', {
      where,
      why: `maxmemory-policy is ${maxmemoryPolicy === '' ? 'not told' : maxmemoryPolicy}: keys would vanish when memory is short`,
      fix: 'redis-cli CONFIG SET maxmemory-policy noeviction, and set it in redis.conf too',
    });
  }
  return null;
}
