import { resultBytesMax } from './limits.ts';

/** A text of fewer characters cannot make its result too large: as output and in its body, and numbers may be written longer. */
const charactersAlwaysKept = 256 * 1024;

/**
 * True when an answer's result would not fit its topic. Its line fits (`resultLineBytesMax`), but the result has its text twice,
 * and the document's metadata. Settled all the same it would be refused for ever, and the other answers of its batch with it.
 */
export function isTooLargeToKeep(answer: { text: string; output: unknown; body: unknown; metadata: unknown }): boolean {
  const { text, output, body, metadata } = answer;
  if (text.length <= charactersAlwaysKept) return false;
  return Buffer.byteLength(JSON.stringify([output, body, metadata])) > resultBytesMax;
}
