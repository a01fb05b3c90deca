import type { LoadedConfig } from './load-config.ts';
import { type SettingSource, settingAt } from './overlay-settings.ts';
import { settingPaths } from './setting-definitions.ts';

export interface Setting {
  setting: string;
  /** What `JSON.stringify` may print: a secret says `[redacted]`. Undefined when it has no value. */
  value: unknown;
  source: SettingSource;
}

/** Every setting with its value and where that came from: what `flotilla config print --sources` shows. */
export const listSettings = ({ config, sources }: LoadedConfig): Setting[] =>
  settingPaths(config).map(path => ({
    setting: path.join('.'),
    value: settingAt(config, path) ?? undefined,
    source: sources.get(path.join('.')) ?? { from: 'default' },
  }));
