/** Enough to understand a refusal, too little to carry a document. */
const MESSAGE_CHARACTERS_MAX = 300;

/**
 * What a server said, made fit for a log: on one line, bounded, and without the key, which a proxy's error page may
 * quote back.
 */
export function cleanMessage(options: { text: string; apiKey: string }): string {
  const line = options.text
    .replaceAll(options.apiKey, '[key]')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > MESSAGE_CHARACTERS_MAX ? `${line.slice(0, MESSAGE_CHARACTERS_MAX)}…` : line;
}
