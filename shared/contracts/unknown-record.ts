/** A record that this code does not understand. `what` is for people. */
export interface UnknownRecord {
  kind: 'UNKNOWN';
  what: string;
}

/** The JSON object in bytes that this product wrote, or null. */
export function decodeObject(value: Uint8Array): Record<string, unknown> | null {
  try {
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
    const parsed: unknown = JSON.parse(text);
    return parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
