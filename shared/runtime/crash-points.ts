/** Called at every crash point, named `service.port.operation·before` or `·after`; a test kills or freezes inside it. */
export type CrashHook = (label: string) => Promise<void> | void;

/** Adds to an operation's name, for example the kind of the record that is appended. */
export type Describe = (method: string, args: readonly unknown[]) => string | null;

/**
 * Wraps a port so that each call of its methods passes a crash point before and after its effect. None is placed by
 * hand, so none is forgotten (protocol §10). Without a hook the port is returned as it is.
 */
export function withCrashPoints<Port extends object>(
  port: Port,
  { name, hook, describe }: { name: string; hook: CrashHook | null; describe?: Describe | undefined },
): Port {
  if (!hook) return port;
  const methods = new Map<string, Method>();
  return new Proxy(port, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function' || typeof property === 'symbol') return member;
      let method = methods.get(property);
      if (!method) {
        const bare: Method = (...args) => Reflect.apply(member, target, args);
        method = synchronous.has(property)
          ? bare
          : passing(bare, { name: `${name}.${property}`, property, hook, describe });
        methods.set(property, method);
      }
      return method;
    },
  });
}

type Method = (...args: unknown[]) => unknown;

/** Methods of ports that return at once and have no effect to die around. */
const synchronous = new Set(['partitions']);

function passing(
  act: Method,
  {
    name,
    property,
    hook,
    describe,
  }: { name: string; property: string; hook: CrashHook; describe: Describe | undefined },
): Method {
  // A simulation passes thousands of these in each of thousands of runs: names are made once.
  const named = new Map<string, { label: string; before: string; after: string }>();
  return async (...args) => {
    const detail = describe?.(property, args) ?? '';
    let labels = named.get(detail);
    if (!labels) {
      const label = detail === '' ? name : `${name}(${detail})`;
      labels = { label, before: `${label}·before`, after: `${label}·after` };
      named.set(detail, labels);
    }
    const before = hook(labels.before);
    if (before !== undefined) await before;
    const result = await act(...args);
    const after = hook(labels.after);
    if (after !== undefined) await after;
    if (!isFence(result)) return result;
    return withCrashPoints(result, { name: `${labels.label}.fence`.replace('.fence.fence', '.fence'), hook });
  };
}

const isFence = (result: unknown): result is object =>
  typeof result === 'object' && result !== null && 'commit' in result && 'abort' in result;

/** Names what is appended to the log: the topic, and in the journal the record's kind. */
export const describeLogCall: Describe = (method, args) => {
  const [first] = args as [{ topic?: string; records?: { value: Uint8Array }[] } | undefined];
  if (method !== 'append' && method !== 'read' && method !== 'readAt') return null;
  if (method !== 'append' || first?.topic !== 'journal') return first?.topic ?? null;
  const head = Buffer.from(first.records?.[0]?.value.subarray(0, 40) ?? []).toString('latin1');
  return /"kind":"([A-Z]+)"/.exec(head)?.[1] ?? 'journal';
};
