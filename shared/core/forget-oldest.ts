/** Keeps the newest `max` of what is remembered. A Map and a Set keep insertion order: the first is the oldest. */
export function forgetOldest<Key>(remembered: Map<Key, unknown> | Set<Key>, max: number): void {
  if (remembered.size <= max) return;
  for (const oldest of remembered.keys()) {
    remembered.delete(oldest);
    if (remembered.size <= max) return;
  }
}
