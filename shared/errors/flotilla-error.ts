import { type ErrorCode, errorCatalogue } from './catalogue.ts';

export interface FlotillaErrorOptions {
  /** File and line, lane, batch or variable: where a person has to look. */
  where?: string;
  /** The reason in one sentence; the catalogue's own is used when absent. */
  why?: string;
  /** One command or edit; the catalogue's own is used when absent. */
  fix?: string;
  isRetryable?: boolean;
  cause?: unknown;
}

/**
 * Something is broken (expected outcomes are unions, never exceptions).
 * Printed in four parts, always in this order: what, where, why, fix.
 */
export class FlotillaError extends Error {
  override readonly name = 'FlotillaError';
  readonly code: ErrorCode;
  readonly where: string | null;
  readonly why: string;
  readonly fix: string;
  readonly isRetryable: boolean;

  constructor(code: ErrorCode, options: FlotillaErrorOptions = {}) {
    const entry = errorCatalogue[code];
    super(options.why ? `${entry.what}: ${options.why}` : entry.what, { cause: options.cause });
    this.code = code;
    this.where = options.where ?? null;
    this.why = options.why ?? entry.why;
    this.fix = options.fix ?? entry.fix;
    this.isRetryable = options.isRetryable ?? false;
  }
}
