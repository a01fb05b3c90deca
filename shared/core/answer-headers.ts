import { echoedHeaders } from './echoed-headers.ts';
import { deadLetterAliases, headerNames } from './headers.ts';
import { echoedKeyBytesMax } from './limits.ts';
import { formatRid } from './rid.ts';
import type { Failure, Terminal } from './terminal.ts';

/** The record a document came as. */
export interface OriginRecord {
  key: string | null;
  value: Uint8Array;
  headers: Readonly<Record<string, string>>;
  /** The log's time of its append, ms since the epoch. */
  at: number;
}

/** How the log is called where others look for it. */
export interface OriginNames {
  /** Topic that documents come from. */
  topic: string;
  /** Consumer group that reads it. */
  group: string;
}

/** Bytes of UTF-8 that a reason and its place may have; what is longer is cut. */
const messageBytesMax = 1_024;

/** Of a result and of a dead letter: whose answer it is, and what its document brought along. */
export function answerHeaders(terminal: Terminal, origin: OriginRecord): Record<string, string> {
  const { rid, att, bk, outcome, run, tenant, replayOf, requestKey, reusedFrom } = terminal;
  return {
    ...echoedHeaders(origin.headers),
    [headerNames.rid]: formatRid(rid),
    [headerNames.att]: String(att),
    [headerNames.bk]: bk,
    [headerNames.outcome]: outcome,
    ...(run === null ? {} : { [headerNames.run]: run }),
    ...(tenant === null ? {} : { [headerNames.tenant]: tenant }),
    ...(replayOf === null ? {} : { [headerNames.replayOf]: replayOf }),
    ...(requestKey === undefined ? {} : { [headerNames.requestKey]: requestKey }),
    ...(reusedFrom === undefined ? {} : { [headerNames.reusedFrom]: formatRid(reusedFrom) }),
  };
}

/**
 * Of a dead letter: where it came from, and why it is here. A function of document, recipe and provider lines like the rest
 * of it (protocol §1), so no time of failure is among them.
 */
export function deadLetterHeaders(
  terminal: Terminal & { failure: Failure },
  { origin, names }: { origin: OriginRecord; names: OriginNames },
): Record<string, string> {
  const { rid, attempts, customId, line, failure } = terminal;
  const own: Record<string, string> = {
    [headerNames.reason]: failure.cause,
    [headerNames.class]: failure.class,
    ...(failure.where === null ? {} : { [headerNames.where]: cut(failure.where) }),
    [headerNames.message]: cut(failure.why),
    [headerNames.attempts]: String(attempts),
    [headerNames.group]: names.group,
    [headerNames.originTopic]: names.topic,
    [headerNames.originPartition]: String(rid.partition),
    [headerNames.originOffset]: String(rid.offset),
    [headerNames.originTimestamp]: String(origin.at),
    [headerNames.replayCount]: String(failure.replayCount),
    ...(customId === null ? {} : { [headerNames.documentId]: customId }),
    ...(line === null ? {} : { [headerNames.line]: String(line) }),
  };
  const aliased = Object.entries(deadLetterAliases).map(([alias, name]) => [alias, own[name] as string]);
  return { ...answerHeaders(terminal, origin), ...own, ...Object.fromEntries(aliased) };
}

/** The producer's name for the document; what has none keeps the key it came with, unless that is longer than any name. */
export function answerKey({ customId, outcome }: Terminal, origin: OriginRecord): string | null {
  const key = Buffer.byteLength(origin.key ?? '') > echoedKeyBytesMax ? null : origin.key;
  return outcome === 'rejected' ? (key ?? customId) : (customId ?? key);
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= messageBytesMax) return text;
  const end = bytes.subarray(0, messageBytesMax - 3);
  return `${end.toString('utf8').replace(/\ufffd+$/, '')}…`;
}
