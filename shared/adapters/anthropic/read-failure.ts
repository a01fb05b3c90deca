import { APIConnectionTimeoutError, APIError, APIUserAbortError } from '@anthropic-ai/sdk';
import type { RefusedReply } from './classify-create-refusal.ts';
import { rootCause } from './is-connect-failure.ts';

/** The reply behind an error of the SDK; null when there was none. */
export function readRefusedReply(error: unknown): RefusedReply | null {
  if (!(error instanceof APIError) || typeof error.status !== 'number') return null;
  const headers = error.headers instanceof Headers ? error.headers : new Headers();
  return { httpStatus: error.status, body: error.error, headers };
}

/**
 * Why there was no reply, in a few words. Made of error codes, not of the messages of other layers: those may quote
 * what was sent.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof APIUserAbortError || error instanceof APIConnectionTimeoutError) return 'no reply in time';
  const root = rootCause(error);
  if (root instanceof Error && root.name === 'AbortError') return 'no reply in time';
  if (root instanceof AggregateError) return [...new Set(root.errors.map(describeFailure))].join(', ');
  if (!(root instanceof Error)) return 'unknown failure';
  const words = ['syscall' in root && root.syscall, 'code' in root && root.code].filter(
    word => typeof word === 'string',
  );
  return words.length > 0 ? words.join(' ') : `connection failed (${root.name})`;
}
