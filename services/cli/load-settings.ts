import { quoted, suggestion } from '#contracts/nearest-name.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { type LoadedConfig, loadConfig } from '#runtime/config/load-config.ts';
import type { CommandContext } from './command-context.ts';

/** The configuration as flags, environment, file and defaults make it. @throws FlotillaError invalid-config | unknown-setting */
export const loadSettings = (
  { directory, configPath, stateDirectory, env }: CommandContext,
  flags: Readonly<Record<string, unknown>> = {},
): Promise<LoadedConfig> =>
  loadConfig({
    directory,
    ...(configPath === null ? {} : { configPath }),
    flags: { ...flags, ...(stateDirectory === null ? {} : { state: stateDirectory }) },
    env,
  });

/** @throws FlotillaError unknown-task when `--task` names none: every document would fail by it */
export function checkTask(task: string | undefined, { tasks, configPath }: LoadedConfig): string | null {
  if (task === undefined) return null;
  if (tasks.has(task)) return task;
  const names = [...tasks.keys()];
  const known = names.length === 0 ? '; there are none' : `; there are ${names.join(', ')}`;
  throw new FlotillaError('unknown-task', {
    where: configPath ?? '--task',
    why: `there is no task ${quoted(task)}${suggestion(task, names) || known}`,
  });
}
