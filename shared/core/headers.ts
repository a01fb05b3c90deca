/** Header names of our own on records. A document's are read, a result's are written. */
export const headerNames = {
  run: 'flotilla-run',
  task: 'flotilla-task',
  line: 'flotilla-line',
  deadline: 'flotilla-deadline',
  idempotencyKey: 'idempotency-key',
  replayOf: 'flotilla-replay-of',
  replayCount: 'flotilla-replay-count',
  referenceError: 'flotilla-reference-error',
  resolved: 'flotilla-resolved',
  original: 'flotilla-original',
  rid: 'flotilla-rid',
  att: 'flotilla-att',
  bk: 'flotilla-bk',
  outcome: 'flotilla-outcome',
} as const;
