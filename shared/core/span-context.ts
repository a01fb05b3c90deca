import { hash } from 'node:crypto';

/** A place in a trace, as W3C trace context names it. */
export interface SpanContext {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  /** Whether the trace is recorded: decided where it began, and followed everywhere. */
  isSampled: boolean;
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const noTrace = '0'.repeat(32);
const noSpan = '0'.repeat(16);

/** What a `traceparent` says, or null: what cannot be read counts as absent, never as an error. */
export function parseTraceparent(text: string | undefined): SpanContext | null {
  if (text === undefined || text.length > 512) return null;
  const match = pattern.exec(text);
  if (!match) return null;
  const [, version, traceId, spanId, flags, more] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  // Version 00 has exactly four parts; a later one may have more, and ff is none.
  if (version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (traceId === noTrace || spanId === noSpan) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export const formatTraceparent = ({ traceId, spanId, isSampled }: SpanContext): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;

/**
 * The span of a batch with this name. Ids follow from the batch key alone, so that whoever settles a batch can name what
 * was recorded by whoever sealed it, and a step that is done twice has one id.
 * @param step what tells several of one name apart, such as `sub`
 */
export const batchSpan = (bk: string, name: string, step: string | number = ''): SpanContext => ({
  traceId: digest(`flotilla.batch|${bk}`, 32),
  spanId: digest(`flotilla.batch|${bk}|${name}|${step}`, 16),
  isSampled: true,
});

/** The span of a document with this name, in the trace that its producer began. */
export const documentSpan = (
  parent: SpanContext,
  { rid, att, name }: { rid: string; att: number; name: string },
): SpanContext => ({ ...parent, spanId: digest(`flotilla.document|${parent.traceId}|${rid}|${att}|${name}`, 16) });

/** Bits of SHA-256: never all zero in practice, which is what an id must not be. */
const digest = (text: string, length: number): string => hash('sha256', text, 'hex').slice(0, length);
