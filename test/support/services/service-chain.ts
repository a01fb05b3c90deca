import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where a test's servers come from, in this order: an address in the environment, Docker, programs of this machine
 * (design.md, Testing). Nothing is skipped: when none is possible, the test fails and says what to install.
 */
export interface ServiceChain<Service> {
  /** Of an address that somebody else looks after; null when there is none. */
  fromEnvironment(): Service | null;
  fromDocker(): Promise<Service>;
  fromPrograms(): Promise<Service>;
}

export async function startByChain<Service>(chain: ServiceChain<Service>): Promise<Service> {
  const given = chain.fromEnvironment();
  if (given !== null) return given;
  return (await hasDockerEngine()) ? chain.fromDocker() : chain.fromPrograms();
}

/** True when an engine answers on its socket; a client without an engine is none. */
export async function hasDockerEngine(): Promise<boolean> {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const url = new URL(host);
  const socket = url.protocol === 'unix:' ? connect(url.pathname) : connect(Number(url.port || 2375), url.hostname);
  const answered = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(AbortSignal.timeout(1_000), 'abort').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return answered;
}

/** Free at this moment; as many different ones as asked for. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map(server => once(server, 'listening')));
  const ports = servers.map(server => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(server => once(server.close(), 'close')));
  return ports;
}

/**
 * Makes sure programs are there, installing them where that is possible without asking: on Debian, as root.
 * @throws Error one sentence that says what to install
 */
export function ensurePrograms(programs: readonly string[], debianPackages: readonly string[]): void {
  const missing = programs.filter(program => !hasProgram(program));
  if (missing.length === 0) return;
  if (existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const waiting = ['-o', 'DPkg::Lock::Timeout=300'];
    for (const args of [['update'], [...waiting, 'install', '-y', '--no-install-recommends', ...debianPackages]]) {
      spawnSync('apt-get', args, { env: environment, stdio: 'ignore', timeout: 300_000 });
    }
  }
  if (programs.every(hasProgram)) return;
  const how = `apt-get install ${debianPackages.join(' ')}`;
  throw new Error(`this test needs ${missing.join(' and ')}: ${how}, or give the server's address in the environment`);
}

/** All that tests may need of this machine, where neither an address nor Docker gives it. */
export const testPrograms = [
  { programs: ['redis-server'], debianPackages: ['redis-server'] },
  { programs: ['java', 'mvn'], debianPackages: ['openjdk-17-jre-headless', 'maven'] },
  { programs: ['kcat'], debianPackages: ['kcat'] },
  { programs: ['openssl'], debianPackages: ['openssl'] },
  { programs: ['chromium'], debianPackages: ['chromium'] },
] as const;

export const hasProgram = (program: string): boolean =>
  (process.env.PATH ?? '').split(':').some(folder => folder !== '' && existsSync(join(folder, program)));

/** What is fetched once and kept between runs; outside the repository. */
export const cacheFolder = (): string => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'flotilla');
