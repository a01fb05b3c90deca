/** So many bytes of payloads are built at a time. */
const groupBytes = 8 * 1024 * 1024;
const groupSizeMax = 64;

/** Side by side, as far as memory allows: one after the other, each would wait for a server. */
export async function inGroups<T>(
  all: readonly T[],
  act: (each: T) => Promise<void>,
  bytesOf = (_: T): number => 0,
): Promise<void> {
  for (let from = 0, next = 0; from < all.length; from = next) {
    let bytes = 0;
    do bytes += bytesOf(all[next++] as T);
    while (next < all.length && next - from < groupSizeMax && bytes + bytesOf(all[next] as T) <= groupBytes);
    await Promise.all(all.slice(from, next).map(act));
  }
}
