import { headerNames } from './headers.ts';
import { parseTraceparent } from './span-context.ts';

/** W3C trace context of a document, as its producer sent it. */
export interface TraceContext {
  /** `traceparent`, well-formed. */
  parent: string;
  /** `tracestate`; null when there is none. */
  state: string | null;
}

/** W3C asks for 512 at least; nobody sends more. */
const stateCharactersMax = 512;

/** What the headers say of a trace; null when `traceparent` is absent or malformed, whatever else there is. */
export function readTraceContext(headers: Readonly<Record<string, string>>): TraceContext | null {
  const parent = headers[headerNames.traceparent];
  if (parent === undefined || parseTraceparent(parent) === null) return null;
  const state = headers[headerNames.tracestate];
  return { parent, state: state && state.length <= stateCharactersMax ? state : null };
}
