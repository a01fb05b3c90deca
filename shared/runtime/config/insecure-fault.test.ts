import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLoopback } from '#contracts/is-loopback.ts';
import type { FleetSettings } from './fleet-settings.ts';
import { insecureFault } from './insecure-fault.ts';
import { loadConfig } from './load-config.ts';

const local = { FLOTILLA_KAFKA_BROKERS: '127.0.0.1:9092', FLOTILLA_REDIS_URL: 'redis://127.0.0.1:6379' };
const login = {
  FLOTILLA_KAFKA_SASL_MECHANISM: 'plain',
  FLOTILLA_KAFKA_USERNAME: 'me',
  FLOTILLA_KAFKA_PASSWORD: 'sentinel',
};
const tls = { FLOTILLA_KAFKA_SSL: 'true' };

async function faultOf(env: Record<string, string>): Promise<string | null> {
  const { fleet } = await loadConfig({ directory: '/', flags: {}, env: { ...local, ...env } });
  const fault = insecureFault(fleet as FleetSettings);
  assert.doesNotMatch(`${fault?.message}${fault?.where}${fault?.fix}`, /sentinel/);
  return fault && `${fault.code}; ${fault.where}; ${fault.why}`;
}

describe('isLoopback', () => {
  const hosts: [string, boolean][] = [
    ['localhost', true],
    ['LocalHost', true],
    ['localhost.', true],
    ['kafka.localhost', true],
    ['127.0.0.1', true],
    ['127.8.9.10', true],
    ['::1', true],
    ['[::1]', true],
    ['0:0:0:0:0:0:0:1', true],
    ['::ffff:127.0.0.1', true],
    ['[::ffff:7f00:1]', true],
    ['kafka', false],
    ['localhost.example.com', false],
    ['notlocalhost', false],
    ['127.0.0.1.example.com', false],
    ['127.1', false],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
    ['128.0.0.1', false],
    ['192.168.1.7', false],
    ['[fe80::1]', false],
    ['::ffff:10.0.0.1', false],
    ['', false],
  ];
  for (const [host, expected] of hosts) {
    it(`${expected ? 'is' : 'is not'} "${host}"`, () => assert.equal(isLoopback(host), expected));
  }
});

describe('T19 Kafka and Redis without TLS or without a login', () => {
  it('may be on loopback', async () => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
      const env = { FLOTILLA_KAFKA_BROKERS: `${host}:9092`, FLOTILLA_REDIS_URL: `redis://${host}:6379/3` };
      assert.equal(await faultOf(env), null, host);
    }
  });

  it('are refused beyond it, and what is missing is said', async () => {
    const brokers = { FLOTILLA_KAFKA_BROKERS: 'kafka:9092' };
    const found = async (env: Record<string, string>): Promise<string | null> => faultOf({ ...brokers, ...env });
    const where = 'insecure-connection; kafka.brokers: kafka:9092; it is beyond this machine';
    assert.equal(await found({}), `${where}, without TLS and without credentials`);
    assert.equal(await found(tls), `${where}, without credentials`);
    assert.equal(await found(login), `${where}, without TLS`);
    assert.equal(await found({ ...tls, ...login }), null);
  });

  it('one broker of several is enough, and only it is named', async () => {
    const env = { FLOTILLA_KAFKA_BROKERS: 'localhost:9092,10.0.0.7:9092,[fe80::1]:9092' };
    assert.match((await faultOf(env)) ?? '', /kafka\.brokers: 10\.0\.0\.7:9092, \[fe80::1\]:9092;/);
  });

  it('of Redis the scheme and the password count', async () => {
    const at = (url: string): Promise<string | null> => faultOf({ FLOTILLA_REDIS_URL: url });
    assert.match(
      (await at('redis://redis:6379')) ?? '',
      /redis\.url: redis:6379; .*without TLS and without credentials/,
    );
    assert.match((await at('redis://me:sentinel@redis:6379')) ?? '', /without TLS$/);
    assert.match((await at('rediss://me@redis:6379')) ?? '', /without credentials$/);
    assert.equal(await at('rediss://me:sentinel@redis:6379'), null);
    assert.equal(await at('redis://[::1]:6379'), null);
  });

  it('are allowed by one variable for both, or by a setting for each', async () => {
    const beyond = { FLOTILLA_KAFKA_BROKERS: 'kafka:9092', FLOTILLA_REDIS_URL: 'redis://redis:6379' };
    for (const value of ['1', 'true']) assert.equal(await faultOf({ ...beyond, FLOTILLA_INSECURE_OK: value }), null);
    for (const value of ['0', 'false', '']) {
      assert.match((await faultOf({ ...beyond, FLOTILLA_INSECURE_OK: value })) ?? '', /^insecure-connection; kafka/);
    }
    const load = (flags: Record<string, unknown>) => loadConfig({ directory: '/', flags, env: beyond });
    const { fleet } = await load({ 'kafka.insecure': true });
    assert.match(insecureFault(fleet as FleetSettings)?.where ?? '', /^redis/);
    await assert.rejects(load({ 'kafka.insecure': 'yes' }), /kafka\.insecure/);
  });
});
