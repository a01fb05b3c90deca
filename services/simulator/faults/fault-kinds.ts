/**
 * Every fault the simulator can make. `passing`: a later identical read is true; a batch has
 * at most `FaultInjector.faultyReadsMax` of them. `lasting`: it stays. `answered`: one call is answered so.
 */
export const faultKinds = {
  // create: one decision per call, in this order; the first that fires is it
  'create-not-connected': fault('answered', 'no byte is written (port only: HTTP has accepted the connection)'),
  'create-refuse-400': fault('answered', '400 invalid_request_error, code organization_on_hold'),
  'create-refuse-401': fault('answered', '401 authentication_error'),
  'create-refuse-402': fault('answered', '402 billing_error'),
  'create-refuse-403': fault('answered', '403 permission_error'),
  'create-refuse-413': fault('answered', '413 request_too_large as JSON'),
  'create-refuse-413-html': fault('answered', '413 of the edge, as HTML'),
  'create-refuse-429': fault('answered', '429 rate_limit_error with retry-after'),
  'create-refuse-529': fault('answered', '529 overloaded_error'),
  'create-refuse-500': fault('answered', '500 api_error, nothing was done'),
  'create-drop-before': fault('answered', 'the socket is destroyed before anything is done'),
  'create-accept-then-drop': fault('answered', 'the batch is made, then the socket is destroyed'),
  'create-accept-then-502': fault('answered', 'the batch is made, the reply is an HTML 502'),
  'create-accept-late': fault('answered', 'the socket is destroyed; the batch is made `delayMs` later (30 s)'),
  'create-hang': fault('answered', 'nothing is done and no reply ever comes'),
  'create-accept-then-hang': fault('answered', 'the batch is made and no reply ever comes'),
  // synchronous messages: one decision per call, in this order; the first that fires is it
  'message-not-connected': fault('answered', 'no byte is written (port only: HTTP has accepted the connection)'),
  'message-refuse-429': fault('answered', '429 rate_limit_error with retry-after'),
  'message-refuse-529': fault('answered', '529 overloaded_error'),
  'message-refuse-500': fault('answered', '500 api_error, nothing was done'),
  'message-drop-before': fault('answered', 'the socket is destroyed before anything is done'),
  'message-accept-then-drop': fault('answered', 'it is executed and billed, then the socket is destroyed'),
  'message-accept-then-502': fault('answered', 'it is executed and billed, the reply is an HTML 502'),
  'message-accept-late': fault('answered', 'the socket is destroyed; it is executed and billed `delayMs` later (30 s)'),
  'message-hang': fault('answered', 'nothing is done and no reply ever comes'),
  'message-accept-then-hang': fault('answered', 'it is executed and billed, and no reply ever comes'),
  // list and retrieve
  'list-lag': fault('lasting', 'a new batch is not listed for `delayMs` (5 s)'),
  'list-small-page': fault('passing', 'a page has one batch, and `has_more`'),
  'list-missing-newest': fault('passing', 'a first page lacks the newest batch'),
  'list-503': fault('answered', '503 as JSON'),
  'retrieve-502': fault('answered', 'HTML 502 on a poll'),
  // batch, decided at its create or cancel
  'batch-stuck': fault('lasting', 'takes `factor` (100) times as long; expires if that is more than 24 h'),
  'batch-expire-partial': fault('lasting', 'ends at 24 h with about half of its items done'),
  'batch-expire-empty': fault('lasting', 'ends at 24 h with nothing done'),
  'batch-cancel-late': fault('lasting', 'a cancel comes too late: every item is done'),
  'batch-foreign': fault('lasting', "another user's batch of the same size appears in the workspace"),
  'batch-account': fault('lasting', '`share` (0.5) of its items: "credit balance is too low"'),
  // items, decided when the batch ends; the draw is per item
  'item-transient': fault('lasting', 'errored api_error or overloaded_error'),
  'item-account': fault('lasting', 'errored invalid_request_error "credit balance is too low"'),
  'item-refusal': fault('lasting', 'stop_reason refusal; billed'),
  'item-truncated': fault('lasting', 'stop_reason max_tokens, half of the answer; billed'),
  'item-invalid-output': fault('lasting', 'text that fits no schema; billed'),
  // results, lasting: decided when the batch ends
  'results-lose-lines': fault('lasting', '`lines` (1) lines are lost for ever, executed and billed'),
  'results-huge-line': fault('lasting', 'the answer of one line is padded to `bytes` (10 MB)'),
  // results, per read
  'results-404': fault('passing', '404 not_found_error'),
  'results-503': fault('passing', '503 as JSON'),
  'results-short-read': fault('passing', 'ends well, at a line boundary, with lines missing'),
  'results-drop-lines': fault('passing', '`lines` (1) lines in the middle are missing'),
  'results-cut-mid-line': fault('passing', 'ends well in the middle of a line'),
  'results-reset': fault('passing', 'the connection is reset in the middle of a line'),
  'results-malformed-line': fault('passing', 'one line is no JSON'),
  'results-duplicate-line': fault('passing', 'one line comes twice'),
  'results-unknown-id': fault('passing', 'a further line has an id nobody sent'),
  'results-swap-ids': fault('passing', 'a line carries the id of an item of another batch'),
  'results-swap-within': fault('passing', 'two lines of the batch have exchanged their ids: nobody can tell'),
  'results-content-type': fault('answered', 'Content-Type text/plain (HTTP only)'),
} as const satisfies Record<string, FaultDescription>;

export type FaultKind = keyof typeof faultKinds;

export interface FaultDescription {
  lasts: 'answered' | 'passing' | 'lasting';
  what: string;
}

/** When a fault fires, and how strongly. A rule with neither `probability` nor `calls` never fires. */
export interface FaultRule {
  /** Of each opportunity, 0 to 1. */
  probability?: number;
  /** The n-th opportunities, from 1. */
  calls?: readonly number[];
  /** It fires so often at most. */
  timesMax?: number;
  delayMs?: number;
  factor?: number;
  share?: number;
  lines?: number;
  bytes?: number;
}

export type FaultPlan = { readonly [kind in FaultKind]?: FaultRule };

function fault(lasts: FaultDescription['lasts'], what: string): FaultDescription {
  return { lasts, what };
}
