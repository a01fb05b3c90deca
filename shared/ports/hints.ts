/**
 * Named notes for screens: who is alive, how full lanes are. Each is gone when its time is over, or sooner; nothing is ever
 * decided by one.
 *
 * MUST: `put` never rejects and never waits long: a note that cannot be kept is dropped. `list` gives only what was put
 * under that name, the last of it, and nothing whose time is over.
 */
export interface Hints {
  /** @param value anything that JSON holds, 64 KiB at most */
  put(name: string, value: unknown, ttlMs: number): Promise<void>;
  /** @throws FlotillaError queue-unavailable when they cannot be read now: a screen has to say so */
  list(prefix: string): Promise<Hint[]>;
}

export interface Hint {
  name: string;
  value: unknown;
}

/** What is longer is dropped. */
export const hintBytesMax = 64 * 1024;
