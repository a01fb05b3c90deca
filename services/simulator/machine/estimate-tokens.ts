const bytesPerToken = 4;

/** Deterministic estimate: one token per four UTF-8 bytes, rounded up; nothing for an empty text. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / bytesPerToken);
}

/** The longest prefix of `text` that has at most `tokens` tokens; never half a character. */
export function cutAtTokens(text: string, tokens: number): string {
  const bytes = Buffer.from(text);
  let end = Math.min(bytes.length, tokens * bytesPerToken);
  while (end > 0 && end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
