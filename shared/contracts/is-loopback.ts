import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/**
 * True of addresses of loopback and of `localhost` (RFC 6761). What a name leads to is not asked: it can be another machine
 * tomorrow.
 * @param host as it stands in an address, IPv6 in brackets or not
 */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const version = isIP(bare);
  if (version !== 0) return loopback.check(bare, version === 4 ? 'ipv4' : 'ipv6');
  return /^(?:.+\.)?localhost\.?$/i.test(bare);
}
