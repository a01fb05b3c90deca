import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isConnectFailure } from './is-connect-failure.ts';
import { describeFailure } from './read-failure.ts';

const socketError = (code: string, syscall?: string) =>
  Object.assign(new Error('x'), { code, ...(syscall && { syscall }) });
const wrapped = (cause: Error) => new Error('Connection error.', { cause: new TypeError('fetch failed', { cause }) });

describe('isConnectFailure', () => {
  const rows = [
    ['ECONNREFUSED', 'connect', true],
    ['EHOSTUNREACH', 'connect', true],
    ['ENETUNREACH', 'connect', true],
    ['ENOTFOUND', 'getaddrinfo', true],
    ['EAI_AGAIN', 'getaddrinfo', true],
    ['EHOSTUNREACH', 'read', false],
    ['ENETUNREACH', 'write', false],
    ['ECONNRESET', 'read', false],
    ['ECONNRESET', 'connect', false],
    ['EPIPE', 'write', false],
    ['ETIMEDOUT', 'connect', false],
    ['ETIMEDOUT', 'read', false],
    ['UND_ERR_CONNECT_TIMEOUT', undefined, false],
    ['UND_ERR_SOCKET', undefined, false],
    ['ECONNREFUSED', undefined, false],
  ] as const;
  for (const [code, syscall, expected] of rows) {
    it(`${code} at ${syscall ?? 'an unknown place'}: ${expected ? 'nothing was sent' : 'ambiguous'}`, () => {
      assert.equal(isConnectFailure(wrapped(socketError(code, syscall))), expected);
    });
  }

  it('asks every address that was tried', () => {
    const refused = socketError('ECONNREFUSED', 'connect');
    assert.equal(isConnectFailure(wrapped(new AggregateError([refused, socketError('ENETUNREACH', 'connect')]))), true);
    assert.equal(isConnectFailure(wrapped(new AggregateError([refused, socketError('ETIMEDOUT', 'connect')]))), false);
    assert.equal(isConnectFailure(wrapped(new AggregateError([]))), false);
  });

  it('is not misled by what is no error', () => {
    for (const value of [undefined, null, 'ECONNREFUSED', { code: 'ECONNREFUSED', syscall: 'connect' }]) {
      assert.equal(isConnectFailure(value), false);
    }
  });

  it('is described by its codes alone', () => {
    assert.equal(describeFailure(wrapped(socketError('ECONNRESET', 'read'))), 'read ECONNRESET');
    assert.equal(describeFailure(wrapped(new Error('secret text'))), 'connection failed (Error)');
    assert.equal(describeFailure('secret text'), 'unknown failure');
  });
});
