import type { CounterName, NoteValue, SpanSink, Telemetry } from '#ports/telemetry.ts';

export interface Note {
  event: string;
  fields: Readonly<Record<string, NoteValue>>;
}

/** Telemetry that a test can ask what was said. */
export interface RecordingTelemetry extends Telemetry {
  readonly notes: Note[];
  /** Sum of a counter over all its labels. */
  counted(metric: CounterName): number;
  /** True when an event of that name was noted. */
  noted(event: string): boolean;
}

/** @param spans where spans go; absent: traces are off */
export function createRecordingTelemetry(spans?: SpanSink): RecordingTelemetry {
  const counts = new Map<CounterName, number>();
  const notes: Note[] = [];
  return {
    notes,
    count: (metric, by = 1) => void counts.set(metric, (counts.get(metric) ?? 0) + by),
    gauge: () => {},
    observe: () => {},
    note: (_level, event, fields = {}) => void notes.push({ event, fields }),
    ...(spans ? { spans } : {}),
    counted: metric => counts.get(metric) ?? 0,
    noted: event => notes.some(note => note.event === event),
  };
}
