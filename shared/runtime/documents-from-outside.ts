import { headerNames, intakeHeaders } from '#core/headers.ts';
import type { Log, LogRecord } from '#ports/log.ts';

type Headers = LogRecord['headers'];

/**
 * The log of a topic that anybody may write to: headers of its documents that only our own intake may set are gone before
 * anybody sees them, and a tenant's name too unless the topic is trusted with it. A main puts it around the log, so that
 * sealing, settling and replaying all read the same document.
 */
export function documentsFromOutside<Port extends Log>(log: Port, options: { isTenantTrusted: boolean }): Port {
  const refused = new Set<string>([...intakeHeaders, ...(options.isTenantTrusted ? [] : [headerNames.tenant])]);
  const clean = <Row extends LogRecord | null>(record: Row): Row =>
    record === null || !isAnyIn(record.headers, refused)
      ? record
      : { ...record, headers: without(record.headers, refused) };
  const read: Log['read'] = async query => {
    const result = await log.read(query);
    return query.topic === 'documents' ? { ...result, records: result.records.map(clean) } : result;
  };
  const readAt: Log['readAt'] = async query => {
    const records = await log.readAt(query);
    return query.topic === 'documents' ? records.map(clean) : records;
  };
  const replaced: Readonly<Record<string | symbol, unknown>> = { read, readAt };
  const bound = new Map<string | symbol, unknown>();
  return new Proxy(log, {
    get(target, property) {
      if (Object.hasOwn(replaced, property)) return replaced[property];
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      // Methods of a class with private fields work on the object itself only.
      if (!bound.has(property)) bound.set(property, member.bind(target));
      return bound.get(property);
    },
  });
}

function isAnyIn(headers: Headers, names: ReadonlySet<string>): boolean {
  for (const name of names) if (headers[name] !== undefined) return true;
  return false;
}

const without = (headers: Headers, names: ReadonlySet<string>): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.has(name)));
