/** From the least to the most, both included; drawn evenly. */
export type Range = readonly [least: number, most: number];

/** Which bytes: those of whoever connected, those of the server behind the proxy, or both. */
export type Way = 'to-server' | 'to-client' | 'both';

/** What becomes of a share of the connections, after so many bytes of both ways together. */
export interface Doom {
  /** Of a connection, 0 to 1. */
  probability: number;
  afterBytes: Range;
}

/** What a network does to the connections through a proxy. Nothing set: it passes everything on as it comes. */
export interface LinkFaults {
  /** Every piece is held so long, ms, each for itself; the order stays. */
  delayMs?: Range;
  /** Each way of each connection. */
  bytesPerSecond?: number;
  /** Ends well for both sides (FIN), in the middle of whatever was being said. */
  cut?: Doom;
  /** Ends with a reset for both sides. */
  reset?: Doom;
  /** Nobody is told: what is sent that way from then on is taken and never arrives. With `[0, 0]` it never answers. */
  halfOpen?: Doom & { way: Way };
  /** Nothing passes, not even an end or a reset. When it is over, what was held arrives, late and in order. */
  blackhole?: boolean;
  /** New connections are reset at once. */
  refuse?: boolean;
  /** Only where the proxy knows Kafka's protocol: requests with these keys, and what follows them, come so much later, ms. */
  lateRequests?: { keys: readonly number[]; delayMs: Range };
}

/** What one connection is in for. */
export type Fate =
  | { is: 'spared' }
  | { is: 'cut' | 'reset'; afterBytes: number }
  | { is: 'half-open'; afterBytes: number; way: Way };

/** Draws once per kind, in a fixed order, so that the same seed means the same fates whatever the probabilities are. */
export function drawFate({ cut, reset, halfOpen }: LinkFaults, random: () => number): Fate {
  const fates = [
    doomed(cut, random, afterBytes => ({ is: 'cut', afterBytes })),
    doomed(reset, random, afterBytes => ({ is: 'reset', afterBytes })),
    doomed(halfOpen, random, afterBytes => ({ is: 'half-open', afterBytes, way: halfOpen?.way ?? 'both' })),
  ];
  return fates.find(fate => fate !== null) ?? { is: 'spared' };
}

export const drawFrom = ([least, most]: Range, random: () => number): number => least + random() * (most - least);

function doomed(doom: Doom | undefined, random: () => number, fateAfter: (bytes: number) => Fate): Fate | null {
  const [chance, where] = [random(), random()];
  if (!doom || chance >= doom.probability) return null;
  return fateAfter(Math.floor(drawFrom(doom.afterBytes, () => where)));
}
