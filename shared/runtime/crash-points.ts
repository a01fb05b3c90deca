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
  { name, hook, describe }: { name: string; hook: CrashHook | null; describe?: Describe },
): Port {
  if (!hook) return port;
  return new Proxy(port, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function' || typeof property === 'symbol') return member;
      return (...args: unknown[]): unknown => {
        if (synchronous.has(property)) return Reflect.apply(member, target, args);
        const label = `${name}.${property}${suffix(describe?.(property, args))}`;
        return passing(label, hook, () => Reflect.apply(member, target, args) as Promise<unknown>);
      };
    },
  });
}

/** Methods of ports that return at once and have no effect to die around. */
const synchronous = new Set(['partitions']);

const suffix = (detail: string | null | undefined): string => (detail ? `(${detail})` : '');

async function passing(label: string, hook: CrashHook, effect: () => Promise<unknown>): Promise<unknown> {
  await hook(`${label}·before`);
  const result = await effect();
  await hook(`${label}·after`);
  return isFence(result)
    ? withCrashPoints(result, { name: `${label}.fence`.replace('.fence.fence', '.fence'), hook })
    : result;
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
