/** How many offsets to leave out before each record: mostly none, up to five. The same seed gives the same gaps. */
export function randomGaps(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const random = (mixed ^ (mixed >>> 14)) >>> 0;
    return random % 3 === 0 ? (random >>> 8) % 6 : 0;
  };
}

/** Of this run; `FLOTILLA_TEST_SEED` repeats another's. It stands in the title of the suite. */
export const gapSeed = Number(process.env.FLOTILLA_TEST_SEED ?? Date.now() % 1_000_000);
