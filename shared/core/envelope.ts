import { cloudEventKey, readCloudEvent } from './cloud-event.ts';
import type { Envelope, HeaderFault } from './document.ts';
import { type HeaderName, hasHeaders, headerNames } from './headers.ts';
import { documentDeadlineMsDefault, headerCharactersMax, replaysMax } from './limits.ts';
import { replayKey } from './replay-key.ts';
import { parseRid } from './rid.ts';
import { readTraceContext } from './trace-context.ts';

type Headers = Readonly<Record<string, string>>;

/**
 * Reads a record's headers. Total: all are optional, an empty one counts as absent, and of a repeated one the log has kept
 * the last, as Java's clients do. One that tells us what to do and cannot be read is a fault, because doing something else costs money; one that
 * only describes counts as absent.
 */
export function readEnvelope(record: { partition: number; offset: number; at: number; headers: Headers }): Envelope {
  const { at, headers } = record;
  if (!hasHeaders(headers)) return bareEnvelope(record);
  const lineage = readLineage(headers);
  const event = readCloudEvent(headers);
  const own = lineage.isRedriven ? null : nameOrNull(headers[headerNames.idempotencyKey]);
  const ofReplay = lineage.replayOf && replayKey({ rid: lineage.replayOf, count: lineage.replayCount });
  return {
    rid: { partition: record.partition, offset: record.offset },
    run: lineage.isRedriven ? null : nameOrNull(headers[headerNames.run]),
    line: lineage.isRedriven ? null : wholeOrNull(headers[headerNames.line]),
    deadlineAt: timeOrNull(headers[headerNames.deadline]) ?? at + documentDeadlineMsDefault,
    idempotencyKey: own ?? ofReplay ?? (event && cloudEventKey(event)),
    replayOf: lineage.replayOf,
    replayCount: lineage.replayCount,
    tenant: nameOrNull(headers[headerNames.tenant]),
    mayReuse: headers[headerNames.reuse] !== 'no',
    trace: readTraceContext(headers),
    event,
    fault: faultOf(headers, lineage),
  };
}

/** Most documents come without a header, and there may be a hundred thousand of them a second. */
const bareEnvelope = ({ partition, offset, at }: { partition: number; offset: number; at: number }): Envelope => ({
  rid: { partition, offset },
  run: null,
  line: null,
  deadlineAt: at + documentDeadlineMsDefault,
  idempotencyKey: null,
  replayOf: null,
  replayCount: 0,
  tenant: null,
  mayReuse: true,
  trace: null,
  event: null,
  fault: null,
});

interface Lineage {
  replayOf: string | null;
  replayCount: number;
  /** A dead letter that some tool has put back as it was: what it says of its former life is not true of this one. */
  isRedriven: boolean;
}

function readLineage(headers: Headers): Lineage {
  const count = wholeOrNull(headers[headerNames.replayCount]);
  if (headers[headerNames.reason] !== undefined) {
    const rid = ridOrNull(headers[headerNames.rid]);
    return { replayOf: rid, replayCount: (count ?? 0) + 1, isRedriven: true };
  }
  const replayOf = ridOrNull(headers[headerNames.replayOf]);
  return { replayOf, replayCount: count ?? (replayOf === null ? 0 : 1), isRedriven: false };
}

function faultOf(headers: Headers, { replayCount }: Lineage): HeaderFault | null {
  for (const [name, { isGood, mustBe }] of instructions) {
    const text = headers[name];
    if (text === undefined || text === '' || isGood(text)) continue;
    return { code: 'invalid-header', where: `header ${name}`, why: `${name} must be ${mustBe}` };
  }
  if (replayCount <= replaysMax) return null;
  const why = `this would be replay ${replayCount} of it, and ${replaysMax} are allowed`;
  return { code: 'replay-limit', where: `header ${headerNames.replayCount}`, why };
}

const nameOrNull = (text: string | undefined): string | null =>
  text !== undefined && text.length > 0 && text.length <= headerCharactersMax ? text : null;

const wholeOrNull = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;

const ridOrNull = (text: string | undefined): string | null => (text !== undefined && parseRid(text) ? text : null);

/** ISO 8601 or ms since the epoch. */
function timeOrNull(text: string | undefined): number | null {
  if (text === undefined) return null;
  // Date.parse alone also reads `5`, as a day of 2001: every document would be past its deadline.
  const isIso = /^\d{4}-\d{2}-\d{2}(T|$)/.test(text);
  const at = /^\d{10,15}$/.test(text) ? Number(text) : isIso ? Date.parse(text) : Number.NaN;
  return Number.isFinite(at) ? at : null;
}

interface Instruction {
  isGood(text: string): boolean;
  mustBe: string;
}

const name: Instruction = {
  isGood: text => nameOrNull(text) !== null,
  mustBe: `a text of ${headerCharactersMax} characters at most`,
};

/** Headers that tell us what to do. The task is judged with the document, which may name one itself. */
const instructions: readonly (readonly [HeaderName, Instruction])[] = [
  [headerNames.idempotencyKey, name],
  [headerNames.run, name],
  [headerNames.tenant, name],
  [headerNames.reuse, { isGood: text => text === 'yes' || text === 'no', mustBe: 'yes or no' }],
  [
    headerNames.deadline,
    { isGood: text => timeOrNull(text) !== null, mustBe: 'a time as ISO 8601 or in ms since 1970' },
  ],
  [headerNames.replayOf, { isGood: text => parseRid(text) !== null, mustBe: 'a record id, such as 0/17' }],
  [headerNames.replayCount, { isGood: text => wholeOrNull(text) !== null, mustBe: 'a whole number' }],
];
