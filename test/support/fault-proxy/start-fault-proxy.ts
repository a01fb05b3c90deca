import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { seededRandom } from '#test/support/seeded-random.ts';
import { Link, type OneWay } from './link.ts';
import type { Fate, LinkFaults } from './link-faults.ts';

export interface FaultProxyOptions {
  seed: number;
  /** May come later: Kafka has to know the proxy's address before it starts. */
  target?: ProxyTarget;
  faults?: LinkFaults;
  /** What passes is Kafka's protocol: then requests can be told apart. */
  isKafka?: boolean;
}

export interface ProxyTarget {
  host: string;
  port: number;
}

/** What happened so far: a test asserts that the faults it asked for came about. */
export interface ProxyCounts extends Record<Exclude<Fate['is'], 'spared'>, number> {
  connections: number;
  /** Reset at once, or because there is no target yet. */
  refused: number;
  /** Connections that were open when a blackhole began. */
  blackholed: number;
  /** Reset by `resetAll`. */
  dropped: number;
  /** Requests that were made to wait. */
  late: number;
  toServer: number;
  toClient: number;
}

/** A door on loopback in front of one server, through which TCP connections pass as the faults of the moment allow. */
export interface FaultProxy {
  host: string;
  port: number;
  setTarget(target: ProxyTarget): void;
  /** From now on, for open connections too: each is dealt a new fate. */
  setFaults(faults: LinkFaults): void;
  /** Resets every open connection. */
  resetAll(): void;
  openConnections(): number;
  counts(): ProxyCounts;
  close(): Promise<void>;
}

/** Fates depend on the seed and on a connection's number alone, not on how fast anything is. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { seed, target: first, faults = {}, isKafka = false } = options;
  const links = new Set<Link>();
  const counts: ProxyCounts = {
    connections: 0,
    cut: 0,
    reset: 0,
    'half-open': 0,
    refused: 0,
    blackholed: 0,
    dropped: 0,
    late: 0,
    toServer: 0,
    toClient: 0,
  };
  let [target, current] = [first ?? null, faults];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, client => {
    counts.connections += 1;
    if (!target || current.refuse) {
      counts.refused += 1;
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    if (current.blackhole) counts.blackholed += 1;
    open(client, target);
  });
  function open(client: Socket, to: ProxyTarget): void {
    const link: Link = new Link({
      client,
      target: to,
      random: seededRandom(Math.imul(seed + 1, 0x9e3779b1) + counts.connections),
      isKafka,
      faults: () => current,
      onLate: () => {
        counts.late += 1;
      },
      onFate: is => {
        counts[is] += 1;
      },
      onBytes: (way: OneWay, bytes) => {
        counts[way === 'to-server' ? 'toServer' : 'toClient'] += bytes;
      },
      onClosed: () => links.delete(link),
    });
    links.add(link);
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    setTarget(next) {
      target = next;
    },
    setFaults(next) {
      if (next.blackhole && !current.blackhole) counts.blackholed += links.size;
      current = next;
      for (const link of [...links]) link.refresh();
    },
    resetAll() {
      counts.dropped += links.size;
      for (const link of [...links]) link.reset();
    },
    openConnections: () => links.size,
    counts: () => ({ ...counts }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const link of [...links]) link.reset();
      await closed;
    },
  };
}
