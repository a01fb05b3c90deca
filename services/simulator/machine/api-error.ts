/** A refusal in the words of the wire. A value, never an exception: the machine expects it. */
export interface ApiError {
  httpStatus: number;
  type: ApiErrorType;
  message: string;
  errorCode?: string;
  retryAfterSeconds?: number;
}

export type ApiErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'api_error'
  | 'timeout_error'
  | 'overloaded_error';

export type Reply<T> = { status: 'done'; value: T } | { status: 'refused'; error: ApiError };

const httpStatusOf = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
} as const satisfies Record<ApiErrorType, number>;

export function apiError(type: ApiErrorType, message: string, extra: Partial<ApiError> = {}): ApiError {
  return { httpStatus: httpStatusOf[type], type, message, ...extra };
}

export function refuse(error: ApiError): { status: 'refused'; error: ApiError } {
  return { status: 'refused', error };
}

export function done<T>(value: T): { status: 'done'; value: T } {
  return { status: 'done', value };
}

/** The error envelope, as a reply body and as the `error` of an errored result line. */
export function errorEnvelope(error: ApiError, requestId: string) {
  const details = error.errorCode === undefined ? {} : { details: { error_code: error.errorCode } };
  return { type: 'error', error: { type: error.type, message: error.message, ...details }, request_id: requestId };
}
