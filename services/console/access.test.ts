import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { hashOfToken, isAllowed, isForLoopback, isLoopback } from './access.ts';

const token = 'a-token-of-many-letters';
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('isAllowed', () => {
  const hash = hashOfToken(token);

  it('takes the token as Bearer, or as the password of any name', () => {
    for (const given of [`Bearer ${token}`, `bearer  ${token}`, basic(`me:${token}`), basic(`:${token}`)]) {
      assert.equal(isAllowed(given, hash), true, given);
    }
  });

  it('refuses everything else', () => {
    const wrong = [undefined, '', 'Bearer', 'Bearer ', `Bearer ${token}x`, `Bearer ${token.slice(1)}`, token];
    const forms = [
      `Token ${token}`,
      basic(token),
      basic(`${token}:`),
      basic(''),
      `Basic ${token}`,
      `Bearer ${token} x`,
    ];
    const hashed = `Bearer ${createHash('sha256').update(token).digest('hex')}`;
    for (const given of [...wrong, ...forms, hashed]) assert.equal(isAllowed(given, hash), false, given);
  });

  it('takes the token that a configured hash is of, and not the hash', () => {
    const configured = `sha256:${createHash('sha256').update(token).digest('hex')}`;
    assert.equal(isAllowed(`Bearer ${token}`, hashOfToken(configured)), true);
    assert.equal(isAllowed(`Bearer ${configured}`, hashOfToken(configured)), false);
  });

  it('is open to all where no token is configured', () => assert.equal(isAllowed(undefined, hashOfToken(null)), true));
});

describe('isLoopback', () => {
  it('is true only of addresses that nobody else reaches', () => {
    for (const host of ['127.0.0.1', '127.8.9.1', 'localhost', 'LOCALHOST', '::1', '[::1]'])
      assert.ok(isLoopback(host), host);
    const others = ['0.0.0.0', '::', '192.168.1.2', '127.0.0.1.example', 'localhost.example', '1127.0.0.1', ''];
    for (const host of others) assert.ok(!isLoopback(host), host);
  });
});

describe('isForLoopback', () => {
  it('refuses the name of another page that resolves to this machine', () => {
    for (const host of ['127.0.0.1:80', 'localhost:7080', '[::1]:7080', 'localhost'])
      assert.ok(isForLoopback(host), host);
    for (const host of ['rebound.example:7080', undefined, '', 'localhost.evil.example'])
      assert.ok(!isForLoopback(host), host);
  });
});
