import { environmentSettings } from './environment-settings.ts';
import { settingDefinitions } from './setting-definitions.ts';

/** The table of all settings, as Markdown. The documentation holds a copy, and a test compares the two. */
export function configDocs(): string {
  const rows = settingDefinitions.map(definition => [
    `\`${definition.path.replace('*', '<name>')}\``,
    definition.type,
    definition.default === null ? (definition.isRequired ? 'required' : '') : `\`${definition.default}\``,
    variablesOf(definition.path)
      .map(name => `\`${name}\``)
      .join(', '),
    definition.description,
  ]);
  const head = ['Setting', 'Type', 'Default', 'Environment', 'Description'];
  return `${[head, head.map(() => '---'), ...rows].map(toRow).join('\n')}\n`;
}

const variablesOf = (path: string): string[] =>
  environmentSettings
    .filter(({ paths }) => paths.includes(path))
    .flatMap(({ env, isSecret }) => (isSecret ? [env, `${env}_FILE`] : [env]));

const toRow = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
