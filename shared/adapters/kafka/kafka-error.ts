import { FlotillaError } from '#errors/flotilla-error.ts';

/** What a broker said by its number. https://kafka.apache.org/43/generated/protocol_errors.html */
export class KafkaError extends Error {
  readonly code: number;

  constructor(code: number, what: string) {
    super(`${what}: ${nameOfCode(code)}`);
    this.code = code;
  }
}

export const codes = {
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  requestTimedOut: 7,
  messageTooLarge: 10,
  offsetMetadataTooLarge: 12,
  networkException: 13,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  recordListTooLarge: 18,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  illegalGeneration: 22,
  unknownMember: 25,
  rebalanceInProgress: 27,
  topicAuthorizationFailed: 29,
  groupAuthorizationFailed: 30,
  clusterAuthorizationFailed: 31,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  invalidTransactionState: 48,
  invalidProducerIdMapping: 49,
  concurrentTransactions: 51,
  transactionCoordinatorFenced: 52,
  transactionalIdAuthorizationFailed: 53,
  kafkaStorageError: 56,
  saslAuthenticationFailed: 58,
  unknownProducer: 59,
  fencedLeaderEpoch: 74,
  memberIdRequired: 79,
  unknownLeaderEpoch: 75,
  offsetNotAvailable: 78,
  unstableOffsetCommit: 88,
  producerFenced: 90,
} as const;

const names = new Map(Object.entries(codes).map(([name, code]) => [code as number, name]));
const nameOfCode = (code: number): string => names.get(code) ?? `error ${code}`;

/** Whoever leads it has changed, or is not there yet: look again where it is. */
const moved: ReadonlySet<number> = new Set([
  codes.unknownTopicOrPartition,
  codes.leaderNotAvailable,
  codes.notLeader,
  codes.kafkaStorageError,
  codes.fencedLeaderEpoch,
  codes.unknownLeaderEpoch,
  codes.offsetNotAvailable,
]);

/** The same request will do later. */
const later: ReadonlySet<number> = new Set([
  ...moved,
  codes.requestTimedOut,
  codes.networkException,
  codes.corruptMessage,
  codes.notEnoughReplicas,
  codes.notEnoughReplicasAfterAppend,
  codes.coordinatorLoading,
  codes.coordinatorNotAvailable,
  codes.notCoordinator,
  codes.concurrentTransactions,
  codes.unstableOffsetCommit,
]);

/** Nothing of the request was done, so it may be sent again even inside a transaction. */
const undone: ReadonlySet<number> = new Set([
  codes.unknownTopicOrPartition,
  codes.leaderNotAvailable,
  codes.notLeader,
  codes.coordinatorLoading,
  codes.coordinatorNotAvailable,
  codes.notCoordinator,
  codes.concurrentTransactions,
]);

const fenced: ReadonlySet<number> = new Set([
  codes.invalidProducerEpoch,
  codes.producerFenced,
  codes.transactionCoordinatorFenced,
]);

const forbidden: ReadonlySet<number> = new Set([
  codes.topicAuthorizationFailed,
  codes.groupAuthorizationFailed,
  codes.clusterAuthorizationFailed,
  codes.transactionalIdAuthorizationFailed,
]);

/** The broker's number, wherever kafkajs has put it; null when no broker has spoken: the connection failed. */
export function codeOf(error: unknown): number | null {
  for (let at = error; at instanceof Error; at = at.cause ?? (at as { originalError?: unknown }).originalError) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'number' && code > 0) return code;
  }
  return null;
}

export const isLater = (error: unknown): boolean => isConnectionError(error) || later.has(codeOf(error) ?? 0);
export const isUndone = (error: unknown): boolean => undone.has(codeOf(error) ?? 0);
export const isFencedError = (error: unknown): boolean => fenced.has(codeOf(error) ?? 0);

/** The broker could not be reached, or did not answer; what was asked may have been done. */
export function isConnectionError(error: unknown): boolean {
  if (codeOf(error) !== null) return false;
  return error instanceof Error && connectionErrors.has(rootOf(error).name);
}

const connectionErrors: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSLockTimeout',
]);

function rootOf(error: Error): Error {
  const cause = error.cause ?? (error as { originalError?: unknown }).originalError;
  return cause instanceof Error ? rootOf(cause) : error;
}

/** What happened to a log operation, as an error of ours. One of ours passes as it is. */
export function toLogError(error: unknown, where: string): FlotillaError {
  if (error instanceof FlotillaError) return error;
  const code = codeOf(error);
  const options = { where, cause: error };
  if (code !== null && fenced.has(code)) return new FlotillaError('fenced', { ...options, isRetryable: true });
  if (code !== null && forbidden.has(code)) {
    const why = `the broker refuses it: ${nameOfCode(code)}`;
    return new FlotillaError('log-forbidden', { ...options, why });
  }
  if (code === codes.messageTooLarge || code === codes.recordListTooLarge) {
    return new FlotillaError('record-too-large', options);
  }
  if (rootOf(error as Error).name === 'KafkaJSSASLAuthenticationError' || code === codes.saslAuthenticationFailed) {
    return new FlotillaError('log-forbidden', { ...options, why: 'the broker refuses the credentials' });
  }
  if (code === codes.unknownTopicOrPartition) {
    return new FlotillaError('log-unavailable', {
      ...options,
      why: 'the topic is not there',
      fix: 'start a worker, which creates the topics, or create them',
      isRetryable: true,
    });
  }
  const why = code === null ? rootOf(error as Error).message : `the broker answers ${nameOfCode(code)}`;
  return new FlotillaError('log-unavailable', { ...options, why, fix: 'check the brokers', isRetryable: true });
}
