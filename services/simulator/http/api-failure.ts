import type { ApiError, Reply } from '../machine/api-error.ts';

/** Carries an expected refusal out of a route to the one place which writes error envelopes. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly error: ApiError;

  constructor(error: ApiError) {
    super(error.message);
    this.error = error;
  }
}

/** @throws ApiFailure when the machine refused. */
export function unwrap<T>(reply: Reply<T>): T {
  if (reply.status === 'refused') throw new ApiFailure(reply.error);
  return reply.value;
}
