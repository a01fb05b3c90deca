import { z } from 'zod';
import { configSchema } from '#contracts/config.ts';
import { settingAt } from './overlay-settings.ts';

/** One setting that can be given, as the schema describes it. */
export interface SettingDefinition {
  /** `tasks.*.model`: the star stands for any name. */
  path: string;
  type: string;
  /** JSON text; null when there is no default. */
  default: string | null;
  isRequired: boolean;
  description: string;
}

interface SchemaNode {
  type?: string;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  required?: string[];
  items?: SchemaNode;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  description?: string;
  /** Our own word for a type that JSON Schema cannot name. */
  shownAs?: string;
}

const root = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;

/** Every setting of the configuration, in the order of the schema. */
export const settingDefinitions: readonly SettingDefinition[] = definitionsBelow(root, '', true);

/**
 * The path of every setting there is with the tasks and accounts that `config` names, name by name. A task's name may contain
 * dots, so paths are lists.
 */
export function settingPaths(config: unknown): string[][] {
  const paths = settingDefinitions.map(({ path }) => path.split('.'));
  const beforeStar = (path: readonly string[]): string => path.slice(0, path.indexOf('*')).join('.');
  const starred = Map.groupBy(paths.filter(isStarred), beforeStar);
  const named = [...starred].flatMap(([parent, below]) =>
    Object.keys(settingAt(config, parent.split('.')) ?? {}).flatMap(each =>
      below.map(path => path.map(name => (name === '*' ? each : name))),
    ),
  );
  return [...paths.filter(path => !isStarred(path)), ...named];
}

const isStarred = (path: readonly string[]): boolean => path.includes('*');

/** Names that may stand below `path` (whose names of tasks are real ones); empty when any name may. */
export function settingNamesBelow(path: readonly string[]): string[] {
  let node: SchemaNode | undefined = root;
  for (const name of path) node = node && childOf(node, name);
  return Object.keys(node?.properties ?? {});
}

/** A text from a flag or the environment, as the type that the setting has; a text that does not fit stays one. */
export function parseSettingText(path: readonly string[], text: string): unknown {
  let node: SchemaNode | undefined = root;
  for (const name of path) node = node && childOf(node, name);
  const isNumber = node?.type === 'number' || node?.type === 'integer';
  if (isNumber && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  if (node?.type === 'array') return text.split(',').map(part => part.trim());
  if (node?.type === 'boolean' && /^(?:true|false|1|0)$/.test(text)) return text === 'true' || text === '1';
  return text;
}

function childOf(node: SchemaNode, name: string): SchemaNode | undefined {
  if (node.properties && Object.hasOwn(node.properties, name)) return node.properties[name];
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
}

function definitionsBelow(node: SchemaNode, path: string, isRequired: boolean): SettingDefinition[] {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  if (node.properties) {
    return Object.entries(node.properties).flatMap(([name, child]) =>
      definitionsBelow(child, at(name), node.required?.includes(name) ?? false),
    );
  }
  if (typeof node.additionalProperties === 'object' && node.additionalProperties.properties) {
    return definitionsBelow(node.additionalProperties, at('*'), false);
  }
  const text = node.default === undefined ? null : JSON.stringify(node.default);
  return [{ path, type: typeOf(node), default: text, isRequired, description: node.description ?? '' }];
}

function typeOf(node: SchemaNode): string {
  if (node.shownAs !== undefined) return node.shownAs;
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum) return node.enum.join(' | ');
  if (node.type === 'array') return `list of ${node.items ? typeOf(node.items) : 'anything'}`;
  const { minimum, maximum } = node;
  if (minimum === undefined) return node.type ?? 'anything';
  const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return isBounded ? `${node.type} ${minimum}–${maximum}` : `${node.type} from ${minimum}`;
}
