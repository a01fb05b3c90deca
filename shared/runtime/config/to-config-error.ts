import type { z } from 'zod';
import { quoted, suggestion } from '#contracts/nearest-name.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { SettingSource } from './overlay-settings.ts';
import { settingNamesBelow } from './setting-definitions.ts';

interface ConfigErrorContext {
  /** Where a setting was given. */
  sourceOf(path: readonly string[]): SettingSource;
  configPath: string | null;
}

/** What the schema says, as one error of ours: a name that does not exist before anything else, because it explains the rest. */
export function toConfigError(issues: readonly z.core.$ZodIssue[], context: ConfigErrorContext): FlotillaError {
  const unknown = issues.find(issue => issue.code === 'unrecognized_keys');
  if (unknown) return unknownSetting(unknown, context);
  const [issue] = issues as readonly [z.core.$ZodIssue];
  const path = issue.path.map(String);
  const others = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const why = `${path.join('.') || 'the configuration'}: ${inWords(issue)}${others}`;
  return new FlotillaError('invalid-config', { where: placeOf(path, context), why, ...fixOf(path, context) });
}

function unknownSetting(issue: z.core.$ZodIssueUnrecognizedKeys, context: ConfigErrorContext): FlotillaError {
  const parent = issue.path.map(String);
  const name = issue.keys[0] as string;
  const known = settingNamesBelow(parent);
  const section = parent.length === 0 ? '' : ` in ${parent.join('.')}`;
  const hint = suggestion(name, known) || `; there are ${known.join(', ')}`;
  const why = `there is no setting ${quoted(name)}${section}${hint}`;
  return new FlotillaError('unknown-setting', { where: placeOf([...parent, name], context), why });
}

function placeOf(path: readonly string[], { sourceOf, configPath }: ConfigErrorContext): string {
  const source = sourceOf(path);
  if (source.from === 'env') return source.name;
  if (source.from === 'flag' || configPath === null) return path.join('.');
  return path.length === 0 ? configPath : `${configPath}: ${path.join('.')}`;
}

/** What did not come from the file is not mended there. */
function fixOf(path: readonly string[], { sourceOf }: ConfigErrorContext): { fix?: string } {
  const source = sourceOf(path);
  if (source.from === 'env') return { fix: `correct or unset ${source.name}` };
  return source.from === 'flag' ? { fix: 'correct the flag' } : {};
}

/** The value is never repeated: it may be a key. */
function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return 'is missing';
  return `${issue.message.slice(0, 1).toLowerCase()}${issue.message.slice(1)}`;
}
