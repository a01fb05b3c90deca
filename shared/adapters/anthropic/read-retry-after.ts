import { readServerDate } from './read-reply-facts.ts';

/**
 * How long the server asks to wait, in ms, from `retry-after-ms` or `retry-after` (seconds or a date, which is
 * measured against the reply's own Date); null when it does not say.
 */
export function readRetryAfterMs(headers: Headers): number | null {
  return (
    readNumber(headers.get('retry-after-ms'), 1) ?? readNumber(headers.get('retry-after'), 1_000) ?? readDate(headers)
  );
}

function readNumber(text: string | null, unitMs: number): number | null {
  if (text === null || !/^\s*\d+(\.\d+)?\s*$/.test(text)) return null;
  return Math.ceil(Number(text) * unitMs);
}

function readDate(headers: Headers): number | null {
  const until = Date.parse(headers.get('retry-after') ?? '');
  const now = readServerDate(headers);
  return Number.isNaN(until) || now === null ? null : Math.max(0, until - now);
}
