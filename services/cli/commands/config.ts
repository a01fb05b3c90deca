import { configDocs as renderDocs } from '#runtime/config/config-docs.ts';
import { listSettings, type Setting } from '#runtime/config/list-settings.ts';
import type { SettingSource } from '#runtime/config/overlay-settings.ts';
import type { Command } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { cutEnd } from '../terminal/fit-text.ts';

/** `flotilla config print`: every setting in force. Secrets say `[redacted]`, because that is all their values can say. */
export function configPrint({ sources = false }: { sources?: boolean }): Command {
  return async context => {
    const settings = await loadSettings(context);
    const listed = listSettings(settings);
    if (context.isJson) {
      const rows = listed.map(({ setting, value, source }) => ({ setting, value: value ?? null, source }));
      await context.out(`${JSON.stringify({ configPath: settings.configPath, settings: rows })}\n`);
    } else {
      if (settings.configPath === null) context.say('no flotilla.config.ts here or above: defaults and environment\n');
      await context.out(renderSettings(listed, { hasSources: sources, ellipsis: context.outLook.glyphs.ellipsis }));
    }
    return exitCodes.done;
  };
}

/** `flotilla config docs`: the table of all settings, as Markdown. */
export const configDocs = (): Command => async context => {
  await context.out(renderDocs());
  return exitCodes.done;
};

const valueColumnsMax = 60;

function renderSettings(
  settings: readonly Setting[],
  { hasSources, ellipsis }: { hasSources: boolean; ellipsis: string },
): string {
  const nameWidth = Math.max(...settings.map(({ setting }) => setting.length));
  const rows = settings.map(({ setting, value, source }) => {
    const text = value === undefined ? '-' : JSON.stringify(value);
    if (!hasSources) return `${setting.padEnd(nameWidth)}  ${text}`;
    return `${setting.padEnd(nameWidth)}  ${cutEnd(text, valueColumnsMax, ellipsis).padEnd(28)}  ${inWords(source)}`;
  });
  return `${rows.join('\n')}\n`;
}

function inWords(source: SettingSource): string {
  switch (source.from) {
    case 'env':
      return `env ${source.name}`;
    case 'file':
      return source.path;
    default:
      return source.from;
  }
}
