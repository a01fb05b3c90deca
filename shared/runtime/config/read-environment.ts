import { readFileSync } from 'node:fs';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { type EnvironmentSetting, environmentSettings } from './environment-settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says of one setting, and the variable that says it. */
export interface EnvironmentValue {
  path: string;
  text: string;
  name: string;
}

/** @throws FlotillaError invalid-config when a secret is given twice, or its file cannot be read */
export function readEnvironment(env: Environment): EnvironmentValue[] {
  return environmentSettings.flatMap(setting => {
    const found = setting.isSecret ? readSecret(setting, env) : readPlain(setting.env, env);
    return found === null ? [] : setting.paths.map(path => ({ path, ...found }));
  });
}

function readPlain(name: string, env: Environment): { text: string; name: string } | null {
  const text = env[name]?.trim() ?? '';
  return text === '' ? null : { text, name };
}

function readSecret({ env: name }: EnvironmentSetting, env: Environment): { text: string; name: string } | null {
  const plain = readPlain(name, env);
  const file = readPlain(`${name}_FILE`, env);
  if (!file) return plain;
  if (plain) {
    const why = `both ${name} and ${file.name} are set`;
    throw new FlotillaError('invalid-config', { where: name, why, fix: 'unset one of them' });
  }
  const text = readSecretFile(file);
  if (text !== '') return { text, name: file.name };
  throw new FlotillaError('invalid-config', {
    where: file.name,
    why: 'the file is empty',
    fix: `write the key into ${file.text}`,
  });
}

function readSecretFile({ text: path, name }: { text: string; name: string }): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const why = `the file ${path} could not be read`;
    throw new FlotillaError('invalid-config', { where: name, why, fix: 'check the path and its permissions', cause });
  }
}
