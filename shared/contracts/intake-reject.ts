import { headerNames } from '#core/headers.ts';
import type { ErrorCode } from '#errors/catalogue.ts';

/**
 * Header by which intake says that a line is no document and was not worth storing whole: its value is one of
 * `intakeRejectCodes`, and the record's bytes are only the first of the line's.
 */
export const rejectHeader = headerNames.reject;

/** What intake may find before a record is parsed. */
export const intakeRejectCodes = [
  'empty-record',
  'document-too-large',
  'invalid-utf8',
  'invalid-json',
  'too-deep',
  'reference-refused',
  'reference-unreadable',
  'reference-mismatch',
  'replay-limit',
] as const satisfies readonly ErrorCode[];

export type IntakeRejectCode = (typeof intakeRejectCodes)[number];

export const isIntakeRejectCode = (text: string): text is IntakeRejectCode =>
  (intakeRejectCodes as readonly string[]).includes(text);
