/** Protocol §7. All in milliseconds. */
export interface Timing {
  /** Before the INTENT's append → POST written, on the monotonic clock. Never scaled. */
  sendMs: number;
  /** Abort of the create call, plus `httpPerMbMs` for each MB of body. */
  httpMs: number;
  httpPerMbMs: number;
  /** Our clock against the provider's. Never scaled. */
  skewMs: number;
  /** After this a create that is not listed never landed. */
  settleMs: number;
  /** Hints are re-derived this often. Never scaled. */
  sweepMs: number;
  lookMinMs: number;
  lookMaxMs: number;
  /** Clock against Date and journal time; above it no creates and no proofs. Never scaled. */
  clockOffMs: number;
  /** The three reads that prove loss lie at least this long after the end of the batch. */
  lostLinesMs: number;
  /** Repeated reads: first and longest pause between them. */
  readAgainMinMs: number;
  readAgainMaxMs: number;
  /** Three 404s over this time, and absence from a complete list, prove that a batch is gone. */
  goneMs: number;
  /** How long a breaker stays open at first, and at most. */
  breakerMinMs: number;
  breakerMaxMs: number;
  /** Divides retry delays. */
  scale: number;
}

const minute = 60_000;
const hour = 60 * minute;

/**
 * The waits for a provider whose time runs `scale` times faster (a simulator). Against a scaled provider `T_http` is
 * 2 s whatever the body, and `T_settle` stays at least 3 s above `T_send` + `T_http`: a call that is still under way is
 * never proven absent (protocol §6).
 */
export function timingFor(scale = 1): Timing {
  const sendMs = 5_000;
  const httpMs = scale === 1 ? 30_000 : 2_000;
  return {
    sendMs,
    httpMs,
    httpPerMbMs: scale === 1 ? 1_000 : 0,
    skewMs: 2 * minute,
    settleMs: Math.max((15 * minute) / scale, sendMs + httpMs + 3_000),
    sweepMs: 20_000,
    lookMinMs: Math.max(250 / scale, 20),
    lookMaxMs: Math.max((5 * minute) / scale, 100),
    clockOffMs: 30_000,
    lostLinesMs: hour / scale,
    readAgainMinMs: Math.max(1_000 / scale, 20),
    readAgainMaxMs: Math.max((10 * minute) / scale, 100),
    goneMs: (24 * hour) / scale,
    breakerMinMs: Math.max(minute / scale, 100),
    breakerMaxMs: Math.max((10 * minute) / scale, 500),
    scale,
  };
}
