/** Names of headers that mean something to us. A document's are read, those of results and dead letters are written. */
export const headerNames = {
  // of a document, all optional
  run: 'flotilla-run',
  task: 'flotilla-task',
  line: 'flotilla-line',
  deadline: 'flotilla-deadline',
  tenant: 'flotilla-tenant',
  reuse: 'flotilla-reuse',
  idempotencyKey: 'idempotency-key',
  replayOf: 'flotilla-replay-of',
  replayCount: 'flotilla-replay-count',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  eventVersion: 'ce_specversion',
  eventId: 'ce_id',
  eventSource: 'ce_source',
  eventType: 'ce_type',

  // of a document, and believed only from our own intake
  reject: 'flotilla-reject',
  referenceError: 'flotilla-reference-error',
  resolved: 'flotilla-resolved',
  original: 'flotilla-original',

  // of a record that the log could not unpack, and stands for its bytes
  unreadable: 'flotilla-unreadable',

  // of a result and of a dead letter
  rid: 'flotilla-rid',
  att: 'flotilla-att',
  bk: 'flotilla-bk',
  outcome: 'flotilla-outcome',

  // of a result of a task whose answers are given again
  requestKey: 'flotilla-request-key',
  reusedFrom: 'flotilla-reused-from',

  // of a dead letter
  documentId: 'flotilla-document-id',
  reason: 'flotilla-dlq-reason',
  class: 'flotilla-dlq-class',
  where: 'flotilla-dlq-where',
  message: 'flotilla-dlq-message',
  attempts: 'flotilla-dlq-attempts',
  group: 'flotilla-dlq-group',
  originTopic: 'flotilla-dlq-origin-topic',
  originPartition: 'flotilla-dlq-origin-partition',
  originOffset: 'flotilla-dlq-origin-offset',
  originTimestamp: 'flotilla-dlq-origin-timestamp',
} as const;

export type HeaderName = (typeof headerNames)[keyof typeof headerNames];

/**
 * Says of a document what only our own intake can know: that its size was checked, where its bytes are, why a reference was
 * refused. From anybody else they count for nothing (`#runtime/documents-from-outside.ts`).
 */
export const intakeHeaders = [
  headerNames.reject,
  headerNames.referenceError,
  headerNames.resolved,
  headerNames.original,
] as const satisfies readonly HeaderName[];

/** The same facts of a dead letter under the names that other tools look for. */
export const deadLetterAliases = {
  '__dlq.errors.message': headerNames.message,
  '__dlq.errors.topic': headerNames.originTopic,
  '__dlq.errors.partition': headerNames.originPartition,
  '__dlq.errors.offset': headerNames.originOffset,
  '__dlq.errors.delivery.count': headerNames.attempts,
  '__dlq.errors.group': headerNames.group,
  'x-original-topic': headerNames.originTopic,
  'kafka_dlt-original-topic': headerNames.originTopic,
} as const satisfies Record<string, HeaderName>;

export function hasHeaders(headers: Readonly<Record<string, string>>): boolean {
  for (const _ in headers) return true;
  return false;
}
