import type { LoadedConfig } from './load-config.ts';
import { type SettingSource, settingAt } from './overlay-settings.ts';
import { settingDefinitions } from './setting-definitions.ts';

export interface Setting {
  setting: string;
  /** What `JSON.stringify` may print: a secret says `[redacted]`. Undefined when it has no value. */
  value: unknown;
  source: SettingSource;
}

/** Every setting with its value and where that came from: what `flotilla config print --sources` shows. */
export function listSettings({ config, sources }: LoadedConfig): Setting[] {
  const taskNames = Object.keys(config.tasks);
  return settingDefinitions.flatMap(({ path }) =>
    (path.includes('*') ? taskNames : ['']).map(task => {
      const names = path.split('.').map(name => (name === '*' ? task : name));
      const setting = names.join('.');
      const value = settingAt(config, names) ?? undefined;
      return { setting, value, source: sources.get(setting) ?? { from: 'default' } };
    }),
  );
}
