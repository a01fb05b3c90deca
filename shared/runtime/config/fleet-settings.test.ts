import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { listSettings } from './list-settings.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';

function setup(test: TestContext): { directory: string; load: (env: Record<string, string>) => Promise<LoadedConfig> } {
  const directory = mkdtempSync(join(tmpdir(), 'flotilla-fleet-settings-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return { directory, load: env => loadConfig({ directory, flags: {}, env }) };
}

const servers = { FLOTILLA_KAFKA_BROKERS: 'a:9092, b:9092', FLOTILLA_REDIS_URL: 'redis://me:sentinel@host:6379/2' };

describe('settings of a fleet', () => {
  it('are none without brokers', async test => {
    assert.equal((await setup(test).load({})).fleet, null);
  });

  it('come from the environment: brokers, prefix, roles, name', async test => {
    const { directory, load } = setup(test);
    const env = { ...servers, FLOTILLA_TOPIC_PREFIX: 'mine', FLOTILLA_ROLES: 'poller,sweeper', FLOTILLA_WORKER: 'w-1' };
    const { fleet } = await load(env);
    assert.deepEqual(fleet?.kafka.brokers, ['a:9092', 'b:9092']);
    assert.deepEqual([fleet?.topicPrefix, fleet?.worker], ['mine', { name: 'w-1', roles: ['poller', 'sweeper'] }]);
    assert.equal(fleet?.redis.url.reveal(), servers.FLOTILLA_REDIS_URL);
    assert.equal(fleet?.snapshotDirectory, join(directory, '.flotilla', 'fleet'));
  });

  it('give a process a name of its own and all roles', async test => {
    const { fleet } = await setup(test).load(servers);
    assert.match(fleet?.worker.name ?? '', new RegExp(`-${process.pid}$`));
    assert.equal(fleet?.worker.roles.length, 4);
  });

  it('never show a password, but where Redis is', async test => {
    const { directory, load } = setup(test);
    writeFileSync(join(directory, 'password'), 'sentinel\n');
    const sasl = {
      FLOTILLA_KAFKA_SASL_MECHANISM: 'plain',
      FLOTILLA_KAFKA_USERNAME: 'me',
      FLOTILLA_KAFKA_PASSWORD_FILE: join(directory, 'password'),
    };
    const loaded = await load({ ...servers, ...sasl });
    assert.equal(loaded.fleet?.kafka.sasl?.password.reveal(), 'sentinel');
    const printed = `${JSON.stringify(loaded)}${inspect(loaded, { depth: null, showHidden: true })}`;
    assert.doesNotMatch(printed, /sentinel/);
    const shown = new Map(listSettings(loaded).map(({ setting, value }) => [setting, JSON.stringify(value)]));
    assert.equal(shown.get('redis.url'), '"redis://[redacted]@host:6379/2"');
    assert.equal(shown.get('kafka.sasl.password'), '"[redacted]"');
  });

  it('hold back submits by account, of accounts that are there', async test => {
    const { directory, load } = setup(test);
    const file = (submitRates: unknown): void => {
      const text = JSON.stringify({ version: 1, redis: { submitRates } });
      writeFileSync(join(directory, 'flotilla.config.ts'), `export default ${text};`);
    };
    assert.deepEqual((await load(servers)).fleet?.redis.submitRates, {});
    file({ anthropic: { creates: 5, everyMs: 1_000 } });
    assert.deepEqual((await load(servers)).fleet?.redis.submitRates, { anthropic: { creates: 5, everyMs: 1_000 } });
  });

  it('refuse a rate of an account that is not there, or none that could be kept', async test => {
    const { directory, load } = setup(test);
    for (const [index, rates] of [
      { anthropc: { creates: 5, everyMs: 1_000 } },
      { anthropic: { creates: 0, everyMs: 1_000 } },
      { anthropic: { creates: 5, everyMs: 1 } },
      { anthropic: { creates: 5 } },
    ].entries()) {
      const folder = join(directory, `${index}`);
      mkdirSync(folder);
      const text = JSON.stringify({ version: 1, redis: { submitRates: rates } });
      const configPath = join(folder, 'flotilla.config.ts');
      writeFileSync(configPath, `export default ${text};`);
      await assert.rejects(loadConfig({ directory, configPath, flags: {}, env: servers }), { code: 'invalid-config' });
    }
    assert.ok((await load(servers)).fleet);
  });

  it('are refused when they cannot work', async test => {
    const { load } = setup(test);
    const { FLOTILLA_KAFKA_BROKERS, FLOTILLA_REDIS_URL } = servers;
    const wrong: [Record<string, string>, RegExp][] = [
      [{ FLOTILLA_KAFKA_BROKERS }, /there are brokers and no Redis/],
      [{ FLOTILLA_KAFKA_BROKERS: 'host', FLOTILLA_REDIS_URL }, /must be host:port/],
      [{ FLOTILLA_KAFKA_BROKERS, FLOTILLA_REDIS_URL: 'http://sentinel' }, /must be redis:/],
      [{ ...servers, FLOTILLA_ROLES: 'sweper' }, /worker\.roles/],
      [{ ...servers, FLOTILLA_TOPIC_PREFIX: 'a b' }, /topicPrefix/],
      [{ ...servers, FLOTILLA_KAFKA_SASL_MECHANISM: 'plain' }, /needs username and password/],
    ];
    for (const [env, expected] of wrong) {
      const error: unknown = await load(env).catch((reason: unknown) => reason);
      assert.ok(error instanceof FlotillaError);
      assert.equal(error.code, 'invalid-config');
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, /sentinel/);
    }
  });
});
