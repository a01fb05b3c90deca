import type { Envelope } from './document.ts';
import { headerNames } from './headers.ts';
import { documentDeadlineMsDefault } from './limits.ts';

/** Reads a record's headers. Total: what cannot be read counts as absent. */
export function readEnvelope(record: {
  partition: number;
  offset: number;
  at: number;
  headers: Readonly<Record<string, string>>;
}): Envelope {
  const { headers } = record;
  return {
    rid: { partition: record.partition, offset: record.offset },
    run: nameOrNull(headers[headerNames.run]),
    line: wholeOrNull(headers[headerNames.line]),
    deadlineAt: timeOrNull(headers[headerNames.deadline]) ?? record.at + documentDeadlineMsDefault,
    idempotencyKey: nameOrNull(headers[headerNames.idempotencyKey]),
    replayOf: nameOrNull(headers[headerNames.replayOf]),
    replayCount: wholeOrNull(headers[headerNames.replayCount]) ?? 0,
  };
}

const nameOrNull = (text: string | undefined): string | null =>
  text !== undefined && text.length > 0 && text.length <= 512 ? text : null;

const wholeOrNull = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;

/** ISO 8601 or ms since the epoch. */
function timeOrNull(text: string | undefined): number | null {
  if (text === undefined) return null;
  // Date.parse alone also reads `5`, as a day of 2001: every document would be past its deadline.
  const isIso = /^\d{4}-\d{2}-\d{2}(T|$)/.test(text);
  const at = /^\d{10,15}$/.test(text) ? Number(text) : isIso ? Date.parse(text) : Number.NaN;
  return Number.isFinite(at) ? at : null;
}
