import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { asIsRecipe } from '#core/recipe.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { environmentSettings } from './environment-settings.ts';
import { listSettings } from './list-settings.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import { settingDefinitions } from './setting-definitions.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own, with these files. */
function setup(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-config-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const configFile = (body: string, name = 'flotilla.config.ts'): string =>
  setup({ [name]: `export default { version: 1 as const, ${body} };` });

const load = (
  directory: string,
  options: { flags?: object; env?: Record<string, string>; configPath?: string } = {},
): Promise<LoadedConfig> =>
  loadConfig({ directory, flags: {}, env: {}, ...options } as Parameters<typeof loadConfig>[0]);

async function failure(...parameters: Parameters<typeof load>): Promise<FlotillaError> {
  const error: unknown = await load(...parameters).then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof FlotillaError, String(error));
  return error;
}

describe('loadConfig, where a value comes from', () => {
  it('has defaults when there is nothing', async () => {
    const directory = setup();
    const { account, tasks, stateDirectory, configPath, sources } = await load(directory);
    assert.deepEqual([account, tasks.size, configPath], [null, 0, null]);
    assert.equal(stateDirectory, join(directory, '.flotilla'));
    assert.deepEqual(sources.get('http.port'), { from: 'default' });
  });

  it('prefers flag to environment to file to default, field by field', async () => {
    const directory = configFile("http: { port: 1, host: 'file' }, log: { level: 'warn' }, lane: { items: 9 }");
    const env = { FLOTILLA_HTTP_PORT: '2', FLOTILLA_LOG_LEVEL: 'error' };
    const loaded = await load(directory, { flags: { 'http.port': '3', 'http.host': undefined }, env });
    assert.deepEqual([loaded.config.http, loaded.config.log], [{ port: 3, host: 'file' }, { level: 'error' }]);
    assert.deepEqual(loaded.lane, { itemsMax: 9, ageMsMax: 30_000, bytesMax: 33_554_432, tokensMax: 20_000_000 });
    const from = (path: string) => loaded.sources.get(path);
    const path = join(directory, 'flotilla.config.ts');
    assert.deepEqual(from('http.port'), { from: 'flag' });
    assert.deepEqual(from('log.level'), { from: 'env', name: 'FLOTILLA_LOG_LEVEL' });
    assert.deepEqual(from('http.host'), { from: 'file', path });
    assert.deepEqual([from('lane.items'), from('lane.ageMs')], [{ from: 'file', path }, { from: 'default' }]);
  });

  it('names the source of every setting there is', async () => {
    const rates = 'redis: { submitRates: { anthropic: { creates: 5, everyMs: 60000 } } }';
    const directory = configFile(`tasks: { a: { model: 'm' }, 'b.c': { model: 'n' } }, ${rates}`);
    const settings = listSettings(await load(directory));
    const valueAt = (name: string): unknown => settings.find(({ setting }) => setting === name)?.value;
    assert.deepEqual(['tasks.b.c.model', 'redis.submitRates.anthropic.creates'].map(valueAt), ['n', 5]);
    const ofTasks = settingDefinitions.filter(({ path }) => path.startsWith('tasks.*')).length;
    assert.equal(settings.length, settingDefinitions.length + ofTasks);
  });

  it('finds the nearest file above, and keeps the state beside it', async () => {
    const folder = setup({ 'flotilla.config.mjs': 'export default { version: 1, inbox: "in" };', 'a/b/x': '' });
    const loaded = await load(join(folder, 'a', 'b'));
    assert.equal(loaded.configPath, join(folder, 'flotilla.config.mjs'));
    assert.equal(loaded.stateDirectory, join(folder, '.flotilla'));
    assert.equal(loaded.inboxDirectory, join(folder, 'in'));
  });

  it('takes the file that is named', async () => {
    const folder = setup({ 'other.ts': 'export default { version: 1, lane: { items: 3 } };' });
    assert.equal((await load(folder, { configPath: 'other.ts' })).lane.itemsMax, 3);
    const error = await failure(folder, { configPath: 'missing.ts' });
    assert.deepEqual([error.code, error.where], ['invalid-config', join(folder, 'missing.ts')]);
  });

  it('takes a typed state folder from where it was typed, a written one from its file', async () => {
    const folder = setup({ 'flotilla.config.ts': "export default { version: 1, state: 'log' };", 'a/x': '' });
    const directory = join(folder, 'a');
    assert.equal((await load(directory)).stateDirectory, join(folder, 'log'));
    assert.equal((await load(directory, { flags: { state: 'log' } })).stateDirectory, join(directory, 'log'));
    assert.equal((await load(directory, { env: { FLOTILLA_STATE: '/log' } })).stateDirectory, '/log');
  });
});

describe('loadConfig, tasks', () => {
  it('makes a recipe and lane bounds of each', async () => {
    const output = "{ type: 'object', properties: {}, additionalProperties: false }";
    const directory = configFile(
      `tasks: { a: { model: 'm', output: ${output}, lane: { items: 2 }, retry: { delaysMs: [5] } } }`,
    );
    const { tasks } = await load(directory);
    assert.deepEqual(tasks.get('a'), {
      name: 'a',
      recipe: {
        ...asIsRecipe,
        task: 'a',
        model: 'm',
        maxTokens: 1_024,
        outputSchema: { type: 'object', properties: {}, additionalProperties: false },
        retry: { delaysMs: [5], jitter: 0.2 },
      },
      lane: { itemsMax: 2, ageMsMax: 30_000, bytesMax: 33_554_432, tokensMax: 20_000_000 },
      cache: { mode: 'off', holdBack: 0.02 },
      answers: null,
    });
  });

  it('with answers that are given again says so in the recipe, but not for how long', async () => {
    const of = async (answers: string): Promise<unknown[]> => {
      const { tasks } = await load(configFile(`tasks: { a: { model: 'm', answers: ${answers} } }`));
      return [tasks.get('a')?.recipe.reusable, tasks.get('a')?.answers];
    };
    const [ttlMs, entriesMax] = [60_000, 500];
    assert.deepEqual(await of(`{ cache: true, ttlMs: ${ttlMs}, entriesMax: ${entriesMax} }`), [
      true,
      { ttlMs, entriesMax },
    ]);
    assert.deepEqual(await of(`{ cache: false, ttlMs: ${ttlMs} }`), [undefined, null]);
  });

  it('takes of the cache what a task says, and what it does not say from the whole', async () => {
    const directory = configFile(
      "cache: { mode: 'shadow', holdBack: 0.1 }, tasks: { a: { model: 'm', cache: { mode: 'on' } }, b: { model: 'm' } }",
    );
    const { tasks, cache } = await load(directory);
    assert.deepEqual(tasks.get('a')?.cache, { mode: 'on', holdBack: 0.1 });
    assert.deepEqual([tasks.get('b')?.cache, cache], [cache, { mode: 'shadow', holdBack: 0.1 }]);
  });

  it("refuses a schema that cannot be compiled, naming the task's field", async () => {
    const error = await failure(configFile("tasks: { a: { model: 'm', output: { type: 'strnig' } } }"));
    assert.equal(error.code, 'invalid-config');
    assert.match(error.where ?? '', /flotilla\.config\.ts: tasks\.a\.output$/);
  });

  it("loads the repository's own file", async () => {
    const { tasks } = await load(import.meta.dirname);
    assert.deepEqual([...tasks.keys()], ['classify', 'summarise']);
    assert.equal(tasks.get('classify')?.recipe.maxTokens, 300);
    assert.equal(tasks.get('summarise')?.recipe.outputSchema, null);
  });
});

describe('loadConfig, the account', () => {
  const key = 'sk-ant-sentinel';

  it('has the key and base URL of the environment, as the SDK does', async () => {
    const env = { ANTHROPIC_API_KEY: ` ${key}\n`, ANTHROPIC_BASE_URL: 'http://127.0.0.1:1/x' };
    const { account } = await load(setup(), { env });
    assert.deepEqual(
      [account?.name, account?.apiKey.reveal(), account?.baseUrl],
      ['anthropic', key, env.ANTHROPIC_BASE_URL],
    );
    assert.equal((await load(setup(), { env: { ANTHROPIC_API_KEY: ' ' } })).account, null);
  });

  it('reads the key from a file', async () => {
    const folder = setup({ key: `${key}\n` });
    const loaded = await load(folder, { env: { ANTHROPIC_API_KEY_FILE: join(folder, 'key') } });
    assert.equal(loaded.account?.apiKey.reveal(), key);
    assert.deepEqual(loaded.sources.get('providers.anthropic.apiKey'), { from: 'env', name: 'ANTHROPIC_API_KEY_FILE' });
    assert.equal(
      (await failure(folder, { env: { ANTHROPIC_API_KEY_FILE: join(folder, 'no') } })).where,
      'ANTHROPIC_API_KEY_FILE',
    );
    assert.match((await failure(folder, { env: { ANTHROPIC_API_KEY_FILE: 'x', ANTHROPIC_API_KEY: 'y' } })).why, /both/);
  });

  it('prints the key nowhere', async () => {
    const loaded = await load(configFile(`providers: { anthropic: { apiKey: '${key}' } }`));
    assert.equal(loaded.account?.apiKey.reveal(), key);
    const printed = `${JSON.stringify(loaded)}${inspect(loaded, { depth: null, showHidden: true })}${JSON.stringify(listSettings(loaded))}`;
    assert.doesNotMatch(printed, /sentinel/);
    assert.match(JSON.stringify(listSettings(loaded)), /\[redacted\]/);
    const wrong = await failure(configFile(`providers: { anthropic: { apiKey: ['${key}'] } }`));
    assert.doesNotMatch(inspect(wrong, { depth: null }), /sentinel/);
  });

  it('refuses to scale the time of the real API', async () => {
    const env = { ANTHROPIC_API_KEY: key, FLOTILLA_TIME_SCALE: '1000' };
    assert.equal((await failure(setup(), { env })).where, 'providers.anthropic.timeScale');
    const real = { ...env, ANTHROPIC_BASE_URL: 'https://api.anthropic.com' };
    assert.equal((await failure(setup(), { env: real })).code, 'invalid-config');
    const { config } = await load(setup(), { env: { ...env, ANTHROPIC_BASE_URL: 'http://localhost:9' } });
    assert.deepEqual([config.providers.anthropic.timeScale, config.simulator.timeScale], [1_000, 1_000]);
  });
});

describe('loadConfig, mistakes', () => {
  it('refuses unknown settings with a suggestion, before anything else', async () => {
    const error = await failure(configFile("tasks: { a: { modle: 'm' } }"));
    assert.equal(error.code, 'unknown-setting');
    assert.match(error.where ?? '', /flotilla\.config\.ts: tasks\.a\.modle$/);
    assert.match(error.why, /no setting "modle" in tasks\.a; did you mean "model"\?/);
    assert.match((await failure(configFile('zzzzzz: 1'))).why, /there are version, providers/);
    assert.equal((await failure(setup(), { flags: { 'http.prot': 1 } })).where, 'http.prot');
  });

  it('names file and path of a wrong value, or the variable or flag it came from', async () => {
    const error = await failure(configFile('tasks: { a: {} }, http: { port: -1 }'));
    assert.equal(error.code, 'invalid-config');
    assert.match(error.where ?? '', /flotilla\.config\.ts: tasks\.a\.model$/);
    assert.match(error.why, /tasks\.a\.model: is missing \(and 1 more\)/);
    const { where, fix } = await failure(setup(), { env: { FLOTILLA_HTTP_PORT: 'x' } });
    assert.deepEqual([where, fix], ['FLOTILLA_HTTP_PORT', 'correct or unset FLOTILLA_HTTP_PORT']);
    assert.equal((await failure(setup(), { flags: { 'http.port': 'x' } })).where, 'http.port');
    assert.match((await failure(setup({ 'flotilla.config.mjs': 'export default {}' }))).why, /version: must be 1/);
  });

  it('says when the file cannot be run', async () => {
    const thrown = await failure(setup({ 'flotilla.config.ts': "throw new Error('no such vault')" }));
    assert.equal(thrown.code, 'invalid-config');
    assert.match(thrown.why, /no such vault/);
    assert.ok(thrown.cause instanceof Error);
    assert.match((await failure(setup({ 'flotilla.config.ts': 'export default {' }))).why, /could not be run/);
    assert.match(
      (await failure(setup({ 'flotilla.config.mjs': 'export const config = {}' }))).why,
      /no default export/,
    );
  });

  it('knows every path that a variable of the environment sets', () => {
    const paths = new Set(settingDefinitions.map(({ path }) => path));
    for (const setting of environmentSettings)
      assert.ok(
        setting.paths.every(path => paths.has(path)),
        setting.env,
      );
  });
});
