import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { roleNames } from '#contracts/roles.ts';
import { environmentSettings } from '#runtime/config/environment-settings.ts';
import { loadConfig } from '#runtime/config/load-config.ts';
import { parseCommandLine } from '#services/cli/program.ts';
import { parseArguments } from '#services/simulator/parse-arguments.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { type ComposeService, interpolate, readComposeFile } from './compose-file.ts';
import { readText, repositoryRoot } from './source-files.ts';

const text = readText('docker-compose.yml');
const compose = readComposeFile(text);
const services = Object.entries(compose.services);
const ours = services.filter(([, { image }]) => image === 'flotilla:local');
const workers = ours.filter(([, { command }]) => command?.[0] === 'worker');

/** The environment of a service with its secrets lying in files of this machine. */
function environmentHere(service: ComposeService, folder: string): Record<string, string> {
  const here = Object.entries(service.environment ?? {}).map(([variable, value]) => {
    const secret = /^\/run\/secrets\/(.+)$/.exec(value)?.[1];
    return [variable, secret === undefined ? value : join(folder, secret)];
  });
  return Object.fromEntries(here) as Record<string, string>;
}

const secretsScript = 'infra/docker/make-secrets.sh';

/** Runs the script in a folder that looks like the repository to it. @returns the folder of the secrets */
function makeSecrets(folder: string, env: Record<string, string> = {}): string {
  const copy = join(folder, secretsScript);
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(join(repositoryRoot, secretsScript), copy);
  const { status, stderr } = spawnSync('sh', [copy], {
    env: { PATH: process.env.PATH ?? '', ...env },
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return join(folder, '.flotilla/secrets');
}

describe('docker-compose.yml', () => {
  it('is a Compose file that uses no key it does not mean to', () => {
    assert.ok(services.length >= 9);
    assert.throws(() => readComposeFile(text.replace('read_only: true', 'readonly: true')), /readonly/);
    assert.throws(() => readComposeFile(text.replace('    profiles: [ui]', '    profile: [ui]')), /profile/);
    assert.throws(() => readComposeFile(`${text}\nservices: {}\n`), /unique/);
  });

  it('passes the parser of Docker Compose, where there is one', t => {
    const parsers = [['docker', 'compose'], ['docker-compose']];
    const found = parsers.find(([program = '', ...args]) => spawnSync(program, [...args, 'version']).status === 0);
    if (!found) return t.diagnostic('no Docker Compose here: the file was checked by this test alone');
    const [program = '', ...args] = found;
    const run = spawnSync(
      program,
      [...args, '-f', join(repositoryRoot, 'docker-compose.yml'), '--profile', 'ui', 'config', '-q'],
      {
        encoding: 'utf8',
      },
    );
    assert.equal(run.status, 0, run.stderr);
  });

  it('has one container per role, and what they need', () => {
    const roles = workers.map(([name, { command = [] }]) => [name, command.slice(1)]);
    assert.deepEqual(
      roles,
      roleNames.map(role => [role, [`--roles=${role}`]]),
    );
    for (const name of ['kafka', 'redis', 'simulator', 'console']) assert.ok(name in compose.services, name);
    assert.deepEqual(compose.services['kafka-ui']?.profiles, ['ui']);
    const withoutProfile = services.filter(([, { profiles }]) => profiles === undefined);
    assert.equal(withoutProfile.length, services.length - 1);
  });

  for (const [name, service] of services) {
    it(`${name} runs as somebody who is not root, and waits only for what is there`, () => {
      assert.match(service.user, /^[1-9]\d*:[1-9]\d*$/);
      for (const other of Object.keys(service.depends_on ?? {})) assert.ok(other in compose.services, other);
      for (const network of service.networks) assert.ok(network in compose.networks, network);
      for (const secret of service.secrets ?? []) assert.ok(secret in compose.secrets, secret);
      assert.match(service.image, /:(?!latest$)[^:]+$/, 'a version is named');
    });

    it(`${name} is reached from this machine only, if at all`, () => {
      for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/);
      if (service.ports) assert.ok(service.networks.some(network => !compose.networks[network]?.internal));
    });

    it(`${name} writes to volumes of its own and to memory`, () => {
      for (const volume of service.volumes ?? []) {
        const [source = '', , mode] = volume.split(':');
        if (source.startsWith('./')) assert.equal(mode, 'ro', volume);
        else assert.ok(source in compose.volumes, volume);
        if (source.startsWith('./')) assert.ok(existsSync(join(repositoryRoot, source)), volume);
      }
      assert.ok(service.tmpfs.some(mount => mount.startsWith('/tmp:')));
    });

    it(`${name} has no secret in its environment or its command`, () => {
      for (const [variable, value] of Object.entries(service.environment ?? {})) {
        if (!/KEY|TOKEN|PASSWORD|SECRET|URL/.test(variable) || variable === 'ANTHROPIC_BASE_URL') continue;
        assert.match(variable, /_FILE$/);
        assert.ok(service.secrets?.includes(value.replace('/run/secrets/', '')), `${variable}: ${value}`);
      }
      for (const part of service.command ?? []) assert.doesNotMatch(part, /sk-ant|password=[^$]/);
    });
  }

  it('lets only those out who speak with the provider, and none but the fleet at Redis', () => {
    const at = (network: string): string[] =>
      services.filter(([, each]) => each.networks.includes(network)).map(([name]) => name);
    assert.equal(compose.networks.inside?.internal, true);
    assert.deepEqual(at('provider').sort(), ['poller', 'submitter']);
    assert.deepEqual(at('edge').sort(), ['console', 'kafka', 'kafka-ui']);
    assert.deepEqual(compose.services.redis?.networks, ['inside']);
    assert.equal(compose.services.redis?.ports, undefined);
  });

  it('says only commands that the command line knows', async () => {
    for (const [name, { command = [] }] of ours) {
      let performed = 0;
      const perform = async (): Promise<number> => {
        performed += 1;
        return 0;
      };
      await parseCommandLine(command, { print: () => {}, perform });
      assert.equal(performed, 1, name);
    }
    const [simulator, ...args] = compose.services.simulator?.command ?? [];
    assert.equal(simulator, 'simulator');
    assert.equal(
      parseArguments(args, () => {})?.timeScale,
      1,
      'time of workers is not scaled: this file also serves a real provider',
    );
    await assert.rejects(parseCommandLine(['worker', '--role=poller'], { print: () => {}, perform: async () => 0 }));
  });

  it('sets only variables that the configuration knows, to what it takes', async t => {
    const known = new Set(
      environmentSettings.flatMap(({ env, isSecret }) => (isSecret ? [env, `${env}_FILE`] : [env])),
    );
    const folder = makeTemporaryFolder('compose');
    t.after(() => folder.remove());
    const secrets = makeSecrets(folder.path);
    for (const [name, service] of ours) {
      for (const variable of Object.keys(service.environment ?? {}))
        assert.ok(known.has(variable), `${name}: ${variable}`);
      const env = environmentHere(service, secrets);
      const { fleet, account } = await loadConfig({ directory: repositoryRoot, flags: {}, env });
      if (name === 'simulator') continue;
      assert.ok(fleet, `${name} is of a fleet`);
      if (name !== 'console') assert.equal(account?.baseUrl, 'http://simulator:8090', name);
    }
  });

  it('goes to the real provider when the base URL is set to nothing', () => {
    const real = readComposeFile(text, { ANTHROPIC_BASE_URL: '' });
    assert.equal(real.services.submitter?.environment?.ANTHROPIC_BASE_URL, '');
    const dollar = '$';
    assert.equal(interpolate(`${dollar}{A:-b}$$`, { A: '' }), 'b$');
    assert.throws(() => interpolate(`${dollar}{A}`, {}), /no default/);
  });

  it('asks for health where it is served', () => {
    for (const [name, service] of ours) {
      const [kind, node, script = '', url = ''] = service.healthcheck.test;
      assert.deepEqual([kind, node], ['CMD', 'node']);
      assert.ok(existsSync(join(repositoryRoot, script)), script);
      const port = name === 'simulator' ? '8090' : name === 'console' ? '7080' : '7070';
      assert.equal(new URL(url).port, port, name);
      const { FLOTILLA_HTTP_PORT, FLOTILLA_CONSOLE_PORT } = service.environment ?? {};
      const served = [FLOTILLA_HTTP_PORT, FLOTILLA_CONSOLE_PORT, service.command?.join(' ').match(/--port=(\d+)/)?.[1]];
      assert.ok(served.includes(port), name);
    }
  });

  it('gives a worker longer to stop than it takes to drain', () => {
    for (const [name, { stop_grace_period: grace = '10s' }] of workers)
      assert.ok(Number.parseInt(grace, 10) > 10, name);
  });
});

describe('the secrets of docker-compose.yml', () => {
  const script = readText(secretsScript);

  it('are written by the script, every one of them, into a folder that git and the image leave out', () => {
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      assert.equal(file, `./.flotilla/secrets/${name}`);
      assert.ok(script.includes(`keep_or_write ${name} `), `${name} is written by ${secretsScript}`);
    }
    assert.match(readText('.gitignore'), /^\.flotilla\/$/m);
  });

  it('are random, kept when they are there, and closed to others', t => {
    const folder = makeTemporaryFolder('secrets');
    t.after(() => folder.remove());
    const secrets = makeSecrets(folder.path);
    const read = (name: string): string => readFileSync(join(secrets, name), 'utf8');
    const [token, password] = [read('console-token'), read('redis-password')];
    assert.match(token, /^[0-9a-f]{64}$/);
    assert.notEqual(token, password);
    assert.equal(read('redis-url'), `redis://default:${password}@redis:6379`);
    assert.equal(read('anthropic-api-key'), 'sk-ant-simulated');
    makeSecrets(folder.path, { ANTHROPIC_API_KEY: 'sk-ant-api03-another' });
    assert.equal(read('console-token'), token);
    assert.equal(read('anthropic-api-key'), 'sk-ant-simulated', 'what is there is kept');
    const real = makeTemporaryFolder('secrets');
    t.after(() => real.remove());
    const given = join(makeSecrets(real.path, { ANTHROPIC_API_KEY: 'sk-ant-api03-real' }), 'anthropic-api-key');
    assert.equal(readFileSync(given, 'utf8'), 'sk-ant-api03-real');
    assert.equal(statSync(secrets).mode & 0o777, 0o700);
  });
});
