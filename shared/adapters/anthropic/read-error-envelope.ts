/** What an error says, from a reply's body or from a result line. */
export interface ProviderErrorFacts {
  /** `invalid_request_error` and so on. */
  type: string;
  /** `details.error_code`, the finer word where there is one. */
  code: string | null;
  message: string;
}

/**
 * Reads `{"type":"error","error":{"type","message","details":{"error_code"}?}}`; null when it is not that.
 * The outer `type` is not asked for: servers that imitate the API leave it out.
 */
export function readErrorEnvelope(value: unknown): ProviderErrorFacts | null {
  return isObject(value) ? readError(value.error) : null;
}

/** As `readErrorEnvelope`, and also the error without its envelope, as some servers put it into result lines. */
export function readLineError(value: unknown): ProviderErrorFacts | null {
  return readErrorEnvelope(value) ?? readError(value);
}

function readError(error: unknown): ProviderErrorFacts | null {
  if (!isObject(error) || typeof error.type !== 'string' || error.type === 'error') return null;
  const details = isObject(error.details) ? error.details : {};
  return {
    type: error.type,
    code: typeof details.error_code === 'string' ? details.error_code : null,
    message: typeof error.message === 'string' ? error.message : '',
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
