import { dirname, resolve } from 'node:path';
import { type Config, configSchema, configVersion } from '#contracts/config.ts';
import type { MoneyCap } from '#core/caps/cap-scopes.ts';
import type { CachePolicy } from '#core/prompt-cache/cache-plan.ts';
import { type AccountSettings, toAccountSettings } from './account-settings.ts';
import { toMoneyCaps } from './cap-settings.ts';
import { findConfigFile } from './find-config-file.ts';
import { type FleetSettings, toFleetSettings, type WithoutSecrets, withoutSecrets } from './fleet-settings.ts';
import { overlaySettings, type SettingSource, type SettingValue, settingAt } from './overlay-settings.ts';
import { readConfigFile } from './read-config-file.ts';
import { type Environment, readEnvironment } from './read-environment.ts';
import { Secret } from './secret.ts';
import { parseSettingText, settingPaths } from './setting-definitions.ts';
import { type LaneBounds, type TaskSettings, toCachePolicy, toLaneBounds, toTaskSettings } from './task-settings.ts';
import { toConfigError } from './to-config-error.ts';

export interface LoadConfigOptions {
  /** Working directory: where the search for the file begins. */
  directory: string;
  /** The file itself; then nothing is searched. */
  configPath?: string;
  /** Values by the path of their setting, such as `http.port`; texts become what the setting is. */
  flags: Readonly<Record<string, unknown>>;
  env: Environment;
}

/** The configuration with defaults filled in, directories absolute and the key wrapped: nothing of it is secret in print. */
export type PlainConfig = Omit<Config, 'providers' | 'kafka' | 'redis' | 'console'> & {
  providers: {
    anthropic: Omit<Config['providers']['anthropic'], 'apiKey' | 'adminKey'> & {
      apiKey: Secret | null;
      adminKey: Secret | null;
    };
  };
  console: Omit<Config['console'], 'token'> & { token: Secret | null };
} & WithoutSecrets;

export interface LoadedConfig {
  config: PlainConfig;
  /** Null: there is no file. */
  configPath: string | null;
  /** By the path of the setting. */
  sources: ReadonlyMap<string, SettingSource>;
  stateDirectory: string;
  inboxDirectory: string;
  /** Null when there is no key: the simulator answers. */
  account: AccountSettings | null;
  /** Null without brokers: then the log is a file of this machine. */
  fleet: FleetSettings | null;
  tasks: ReadonlyMap<string, TaskSettings>;
  /** Bounds for provider-shaped documents. */
  lane: LaneBounds;
  /** Of provider-shaped documents. */
  cache: CachePolicy;
  /** Null without such a section: then those of others stay in force. */
  caps: MoneyCap[] | null;
}

/**
 * Reads the configuration, each field by itself: flag before environment before file before default.
 * @throws FlotillaError invalid-config | unknown-setting
 */
export async function loadConfig({ directory, flags, env, ...named }: LoadConfigOptions): Promise<LoadedConfig> {
  const configPath = findConfigFile({ directory, ...named });
  const file = configPath === null ? { version: configVersion } : await readConfigFile(configPath);
  const fromEnv = readEnvironment(env);
  const fromFlags = Object.entries(flags).filter(([, value]) => value !== undefined);
  const raw = overlaySettings(file, [
    ...fromEnv.map(({ path, text }) => toValue(path, text)),
    ...fromFlags.map(([path, value]) => toValue(path, value)),
  ]);
  const sourceOf = (path: readonly string[]): SettingSource => {
    const name = path.join('.');
    if (fromFlags.some(([flag]) => flag === name)) return { from: 'flag' };
    const variable = fromEnv.find(value => value.path === name);
    if (variable) return { from: 'env', name: variable.name };
    const isInFile = configPath !== null && settingAt(file, path) !== undefined;
    return isInFile ? { from: 'file', path: configPath } : { from: 'default' };
  };
  const parsed = configSchema.safeParse(raw);
  if (!parsed.success) throw toConfigError(parsed.error.issues, { sourceOf, configPath });
  const folderOf = (name: string): string => {
    const { from } = sourceOf(name.split('.'));
    const isTyped = from === 'flag' || from === 'env';
    return isTyped || configPath === null ? directory : dirname(configPath);
  };
  return finish(parsed.data, { configPath, sourceOf, folderOf });
}

const toValue = (path: string, value: unknown): SettingValue => ({
  path,
  value: typeof value === 'string' ? parseSettingText(path.split('.'), value) : value,
});

interface Origin {
  configPath: string | null;
  sourceOf(path: readonly string[]): SettingSource;
  /** The folder that a relative path of this setting starts from: what was typed is relative to where it was typed. */
  folderOf(name: string): string;
}

async function finish(parsed: Config, { configPath, sourceOf, folderOf }: Origin): Promise<LoadedConfig> {
  const { apiKey, adminKey, ...anthropic } = parsed.providers.anthropic;
  const secretOf = (text: string | undefined): Secret | null => (text === undefined ? null : new Secret(text));
  const account = { ...anthropic, apiKey: secretOf(apiKey), adminKey: secretOf(adminKey) };
  const { token } = parsed.console;
  const state = resolve(folderOf('state'), parsed.state);
  const inbox = resolve(folderOf('inbox'), parsed.inbox);
  await checkOutputSchemas(parsed, configPath);
  const paths = settingPaths(parsed);
  return {
    config: {
      ...parsed,
      state,
      inbox,
      providers: { anthropic: account },
      console: { ...parsed.console, token: secretOf(token) },
      ...withoutSecrets(parsed),
    },
    configPath,
    sources: new Map(paths.map(path => [path.join('.'), sourceOf(path)])),
    stateDirectory: state,
    inboxDirectory: inbox,
    account: toAccountSettings(account),
    fleet: toFleetSettings(parsed, { stateDirectory: state, folderOf: () => folderOf('worker.snapshots') }),
    tasks: new Map(
      Object.entries(parsed.tasks).map(([name, task]) => [name, toTaskSettings(name, task, parsed.cache)]),
    ),
    lane: toLaneBounds(parsed.lane),
    cache: toCachePolicy(parsed.cache),
    caps: toMoneyCaps(parsed, configPath),
  };
}

/** Better now than with the first answer, when it has been paid for. */
async function checkOutputSchemas(config: Config, configPath: string | null): Promise<void> {
  const tasks = Object.entries(config.tasks);
  if (tasks.every(([, task]) => task.output === undefined)) return;
  const { compileOutputCheck } = await import('#contracts/output-schema.ts'); // slow to load, and often not needed
  for (const [name, { output }] of tasks) {
    if (output) compileOutputCheck(output, `${configPath ?? 'configuration'}: tasks.${name}.output`);
  }
}
