import type { DocumentInput } from '#contracts/document-schema.ts';
import type { CloudEvent } from '#core/cloud-event.ts';
import { headerNames } from '#core/headers.ts';
import { documentBytesMax, headerCharactersMax } from '#core/limits.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { NewRecord } from '#ports/log.ts';

export interface SendOptions {
  /** Task of a document that names none. */
  task?: string;
  /** Claimed for the document: a later one with the same key ends as `duplicate` and is not bought. */
  idempotencyKey?: string;
  /** Latest time to buy it; ms since the epoch when it is a number. What was bought by then is answered all the same. */
  deadline?: Date | number;
  /** W3C trace context of whoever sends: the answer carries it, and spans of the document are linked to it. */
  traceContext?: { traceparent: string; tracestate?: string };
  /** Makes the record a CloudEvent in binary mode; source and id together are its idempotency key unless one is given. */
  event?: CloudEvent;
  /** Counts only where the topic is trusted with it. */
  tenant?: string;
  /** Documents of one run are followed, capped and canceled together. */
  run?: string;
  /** Echoed in the answer; put into the document in place of what it has. */
  metadata?: unknown;
  /** Headers of your own; the answer repeats them. */
  headers?: Readonly<Record<string, string>>;
}

/**
 * The record a document is published as: its name is the key.
 * @throws FlotillaError document-too-large | invalid-header: nothing was sent
 */
export function documentRecord(document: DocumentInput, options: SendOptions = {}): NewRecord {
  const { metadata } = options;
  const value = Buffer.from(JSON.stringify(metadata === undefined ? document : { ...document, metadata }));
  if (value.length > documentBytesMax) {
    throw new FlotillaError('document-too-large', { where: document.custom_id, why: `it has ${value.length} bytes` });
  }
  return { key: document.custom_id, value, headers: { ...options.headers, ...documentHeaders(options) } };
}

/** The options as headers; what is not given is no header. @throws FlotillaError invalid-header */
export function documentHeaders(options: SendOptions): Record<string, string> {
  const { task, idempotencyKey, deadline, traceContext, event, tenant, run } = options;
  const headers: Record<string, string> = {};
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) headers[name] = value;
  };
  set(headerNames.task, task);
  set(headerNames.idempotencyKey, named(headerNames.idempotencyKey, idempotencyKey));
  set(headerNames.tenant, named(headerNames.tenant, tenant));
  set(headerNames.run, named(headerNames.run, run));
  set(headerNames.deadline, deadline === undefined ? undefined : timeOf(deadline));
  set(headerNames.traceparent, traceContext?.traceparent);
  set(headerNames.tracestate, traceContext?.tracestate);
  if (event) {
    set(headerNames.eventVersion, '1.0');
    set(headerNames.eventId, event.id);
    set(headerNames.eventSource, event.source);
    set(headerNames.eventType, event.type);
  }
  return headers;
}

/** An empty name counts as absent at the other end, and one that is too long rejects the document: better said here. */
function named(header: string, value: string | undefined): string | undefined {
  if (value === undefined || (value !== '' && value.length <= headerCharactersMax)) return value;
  const why = `it must have 1 to ${headerCharactersMax} characters, and has ${value.length}`;
  throw new FlotillaError('invalid-header', { where: `header ${header}`, why });
}

function timeOf(deadline: Date | number): string {
  const at = typeof deadline === 'number' ? deadline : deadline.getTime();
  // Shorter numbers are no time of this century: seconds, most likely.
  if (Number.isFinite(at) && /^\d{10,15}$/.test(String(Math.trunc(at)))) return String(Math.trunc(at));
  const why = 'it must be a Date, or ms since 1970';
  throw new FlotillaError('invalid-header', { where: `header ${headerNames.deadline}`, why });
}
