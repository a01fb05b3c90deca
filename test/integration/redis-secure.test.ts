import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createBullmqWorkQueue } from '#adapters/bullmq/create-bullmq-work-queue.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { loadConfig } from '#runtime/config/load-config.ts';
import { requireFleet } from '#services/cli/fleet-log.ts';
import { openFleetRedis } from '#services/cli/fleet-redis.ts';
import { ensurePrograms, freePorts } from '#test/support/services/service-chain.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { type RedisService, startRedis } from '#test/support/services/start-redis.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';

describe('Redis over TLS, with an authority of its own', () => {
  const folder = makeTemporaryFolder('redis-keys');
  const [key, certificate] = ['key.pem', 'certificate.pem'].map(name => join(folder.path, name)) as [string, string];
  let redis: RedisService;
  let address: string;
  before(async () => {
    ensurePrograms(['openssl'], ['openssl']);
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate];
    execFileSync('openssl', ['req', ...made, ...subject], { stdio: 'ignore' });
    const [port] = (await freePorts(1)) as [number];
    const tls = {
      'tls-port': port,
      'tls-cert-file': certificate,
      'tls-key-file': key,
      'tls-ca-cert-file': certificate,
    };
    redis = await startRedis({ settings: { ...tls, 'tls-auth-clients': 'no' } });
    address = `rediss://127.0.0.1:${port}`;
  });
  after(async () => {
    await redis?.stop();
    folder.remove();
  });

  async function open(env: Record<string, string>) {
    const { path: directory } = folder;
    const brokers = { FLOTILLA_KAFKA_BROKERS: '127.0.0.1:9092' };
    const settings = await loadConfig({
      directory,
      flags: {},
      env: { ...brokers, FLOTILLA_REDIS_URL: address, ...env },
    });
    return openFleetRedis(requireFleet(settings), { name: 'test', startMs: 2_000 });
  }

  const codeOf = async (env: Record<string, string>): Promise<string> => {
    const error: unknown = await open(env).then(
      opened => opened.close(),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof FlotillaError, 'it was opened');
    return error.code;
  };

  it('takes and gives jobs when the file of the authority is named, on every connection of the queue', async () => {
    const opened = await open({ FLOTILLA_REDIS_CA_FILE: certificate });
    const queue = createBullmqWorkQueue({
      redis: opened,
      prefix: freshTopicPrefix(),
      accounts: ['a'],
      incarnation: 'i',
    });
    try {
      const waiting = queue.take('submit', { limit: 1, lockMs: 5_000, waitMs: 5_000 });
      await queue.add({ queue: 'submit', id: 'bk', account: 'a' });
      assert.deepEqual(
        (await waiting).map(({ id }) => id),
        ['bk'],
      );
    } finally {
      await queue.close();
      await opened.close();
    }
  });

  it('is refused when nobody vouches for it, or the file is not there, or there is no TLS to speak of', async () => {
    assert.equal(await codeOf({}), 'queue-unavailable');
    assert.equal(await codeOf({ FLOTILLA_REDIS_CA_FILE: join(folder.path, 'none.pem') }), 'invalid-config');
    const plain = { FLOTILLA_REDIS_URL: 'redis://127.0.0.1:6379', FLOTILLA_REDIS_CA_FILE: certificate };
    assert.equal(await codeOf(plain), 'invalid-config');
  });
});
