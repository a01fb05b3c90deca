/** Everything random that gets a name. */
export interface Ids {
  /** 12 characters of lower-case base32: 60 random bits (protocol §2). */
  batchKey(): string;
  /** Names one submit call: who won an INTENT is told by it. */
  nonce(): string;
  /** 6 characters of lower-case base32. */
  fleetId(): string;
}
