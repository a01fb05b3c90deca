import { seededRandom } from '../support/seeded-random.ts';

/** What a trace of blocks read from a disk is made of. Shares are of accesses, and add up to at most 1; the rest is skewed. */
export interface BlockTraceOptions {
  accesses: number;
  seed: number;
  /** Blocks that are read again and again, with a popularity that falls with the power of its rank. */
  blocks: number;
  exponent: number;
  /** Read in order and never again: a backup, a scan of a table. */
  scanShare: number;
  scanBlocks: number;
  /** Every so many accesses the popular blocks are others by this share: a working set that moves. */
  driftEvery: number;
  driftShare: number;
}

export const skewedTrace: BlockTraceOptions = {
  accesses: 400_000,
  seed: 1,
  blocks: 50_000,
  exponent: 0.9,
  scanShare: 0.3,
  scanBlocks: 600,
  driftEvery: 50_000,
  driftShare: 0.05,
};

/**
 * Block numbers in the order in which they are read, made as published traces of block storage look: few blocks are popular, most
 * are read once or twice, and long scans run through in between. The same options give the same trace.
 */
export function blockTrace(options: BlockTraceOptions): string[] {
  const { accesses, blocks, scanShare, scanBlocks, driftEvery, driftShare } = options;
  const random = seededRandom(options.seed);
  const pick = skewedPick(options, random);
  const names = Array.from({ length: blocks }, (_, rank) => rank);
  const trace: string[] = [];
  let fresh = blocks;
  let driftAt = driftEvery;
  while (trace.length < accesses) {
    // A scan is long, so it begins seldom.
    if (random() < scanShare / (scanBlocks * (1 - scanShare))) {
      for (let count = 0; count < scanBlocks && trace.length < accesses; count++) trace.push(String(fresh++));
    }
    trace.push(String(names[pick()]));
    if (trace.length < driftAt) continue;
    driftAt += driftEvery;
    for (let rank = 0; rank < blocks; rank++) if (random() < driftShare) names[rank] = fresh++;
  }
  return trace.slice(0, accesses);
}

/** Ranks by Zipf's law: the share of rank r falls as 1 / (r + 1) to the exponent. */
function skewedPick({ blocks, exponent }: BlockTraceOptions, random: () => number): () => number {
  const sums = new Float64Array(blocks);
  let sum = 0;
  for (let rank = 0; rank < blocks; rank++) {
    sum += (rank + 1) ** -exponent;
    sums[rank] = sum;
  }
  return () => {
    const at = random() * sum;
    let [low, high] = [0, blocks - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
