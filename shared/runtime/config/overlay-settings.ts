/** Where the value of a setting came from. */
export type SettingSource =
  | { from: 'flag' }
  | { from: 'env'; name: string }
  | { from: 'file'; path: string }
  | { from: 'default' };

export interface SettingValue {
  path: string;
  value: unknown;
}

type PlainObject = Readonly<Record<string, unknown>>;

/** A copy of `base` with these values in their places. Where something else than an object is in the way, it stays. */
export function overlaySettings(base: PlainObject, values: readonly SettingValue[]): PlainObject {
  return values.reduce((object, { path, value }) => withValue(object, path.split('.'), value), base);
}

function withValue(object: PlainObject, [name, ...rest]: readonly string[], value: unknown): PlainObject {
  if (name === undefined) return object;
  if (rest.length === 0) return { ...object, [name]: value };
  const inner = object[name] ?? {};
  return isPlain(inner) ? { ...object, [name]: withValue(inner, rest, value) } : object;
}

/** The value at a path, or undefined. */
export function settingAt(object: unknown, path: readonly string[]): unknown {
  let value = object;
  for (const name of path) value = isPlain(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

const isPlain = (value: unknown): value is PlainObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
