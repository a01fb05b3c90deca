/** How an adapter tells operators; the same as `Telemetry.note`. */
export type Note = (
  level: 'info' | 'warn' | 'error',
  event: string,
  fields?: Readonly<Record<string, string | number | boolean | null | undefined>>,
) => void;

const sameMs = 10_000;
const kindsMax = 200;

/** The same words at most every 10 s: a broker that is down is tried several times a second, by everyone. */
export function seldom(note: Note, monotonic: () => number = () => performance.now()): Note {
  const saidAt = new Map<string, number>();
  return (level, event, fields) => {
    const kind = `${event} ${fields?.message ?? JSON.stringify(fields)}`;
    const now = monotonic();
    if (now - (saidAt.get(kind) ?? Number.NEGATIVE_INFINITY) < sameMs) return;
    if (saidAt.size >= kindsMax) saidAt.clear();
    saidAt.set(kind, now);
    note(level, event, fields);
  };
}
