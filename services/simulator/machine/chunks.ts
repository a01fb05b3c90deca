/** Bounds of one stored chunk: whichever is reached first. */
const chunkItemsMax = 256;
const chunkBytesMax = 1_000_000;

/** Cuts items into chunks for the store, so that none has to be in memory beside more than a megabyte of others. */
export function* chunksOf<T extends { params: string }>(items: readonly T[]): Generator<readonly T[]> {
  let from = 0;
  let bytes = 0;
  for (let index = 0; index < items.length; index += 1) {
    bytes += items[index]?.params.length ?? 0;
    if (index + 1 - from < chunkItemsMax && bytes < chunkBytesMax) continue;
    yield items.slice(from, index + 1);
    from = index + 1;
    bytes = 0;
  }
  if (from < items.length) yield items.slice(from);
}

/** Chunks as one sequence. */
export function* flattenChunks<T>(chunks: Iterable<readonly T[]>): Generator<T> {
  for (const chunk of chunks) yield* chunk;
}
