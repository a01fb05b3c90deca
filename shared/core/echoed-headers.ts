import { deadLetterAliases, headerNames } from './headers.ts';
import { echoedCharactersMax, echoedHeadersMax, eventCharactersMax, headerCharactersMax } from './limits.ts';
import { readTraceContext } from './trace-context.ts';

type Headers = Readonly<Record<string, string>>;

/** Say how a value is encoded: true of the document's, and a lie beside the answer's. */
const aboutTheValue = /^(content-|ce_(specversion|datacontenttype|dataschema|time)$|spring_|kafka_|__)/;
/** Ours are written anew. */
const ours = /^flotilla-/;
const aliases: ReadonlySet<string> = new Set(Object.keys(deadLetterAliases));
const traceOnly: ReadonlySet<string> = new Set([headerNames.traceparent, headerNames.tracestate]);
/** What is too long to be read is not handed on either. */
const charactersMax = new Map<string, number>([
  [headerNames.idempotencyKey, headerCharactersMax],
  [headerNames.eventId, eventCharactersMax],
  [headerNames.eventSource, eventCharactersMax],
  [headerNames.eventType, eventCharactersMax],
]);

/**
 * A producer's own headers as its answer repeats them: trace context, CloudEvents id, source and type, the idempotency key,
 * correlation ids, whatever was sent. Not ours, not what describes the value, no malformed trace context; what exceeds the
 * bounds is left out. Without `ce_specversion` the answer is no CloudEvent, which would be the same one a second time.
 */
export function echoedHeaders(headers: Headers): Record<string, string> {
  const echoed: Record<string, string> = {};
  let count = 0;
  let characters = 0;
  const trace = readTraceContext(headers);
  const add = (name: string, value: string): void => {
    if (count >= echoedHeadersMax || characters + name.length + value.length > echoedCharactersMax) return;
    count += 1;
    characters += name.length + value.length;
    echoed[name] = value;
  };
  if (trace) add(headerNames.traceparent, trace.parent);
  if (trace?.state) add(headerNames.tracestate, trace.state);
  for (const [name, value] of Object.entries(headers)) {
    if (ours.test(name) || aboutTheValue.test(name) || aliases.has(name) || traceOnly.has(name)) continue;
    if (value.length > (charactersMax.get(name) ?? Number.POSITIVE_INFINITY)) continue;
    add(name, value);
  }
  return echoed;
}
