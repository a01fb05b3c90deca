import type { Features } from '#core/estimate/text-features.ts';

/** One request of a file. */
export interface SampledRequest {
  /** From 0, in the order of the file. */
  ordinal: number;
  /** What the estimate files it under. */
  group: string;
  body: string;
  features: Features;
}

/** Longer ones are not kept: of a small sample all must fit into this, of a large one each has its part of a thousandth. */
const sampleCharactersMax = 128 * 1024 * 1024;
const bodyCharactersLeast = sampleCharactersMax / 1_000;

/**
 * Some requests of a file, whatever its length: those whose number hashes lowest, so every request has the same chance, and
 * the same file always gives the same sample.
 */
export class RequestSample {
  readonly #max: number;
  readonly #bodyCharactersMax: number;
  #kept: { rank: number; request: SampledRequest }[] = [];

  constructor(max: number) {
    this.#max = max;
    this.#bodyCharactersMax = Math.max(bodyCharactersLeast, sampleCharactersMax / Math.max(1, 2 * max)); // between two looks twice as many are kept
  }

  offer(request: SampledRequest): void {
    if (this.#max === 0 || request.body.length > this.#bodyCharactersMax) return;
    this.#kept.push({ rank: rankOf(request.ordinal), request });
    if (this.#kept.length >= 2 * this.#max) this.#trim();
  }

  get requests(): readonly SampledRequest[] {
    this.#trim();
    return this.#kept.map(({ request }) => request);
  }

  #trim(): void {
    this.#kept = this.#kept.sort((a, b) => a.rank - b.rank).slice(0, this.#max);
  }
}

/** The last step of Murmur's hash: neighbours land far from each other. */
function rankOf(ordinal: number): number {
  let hash = (ordinal + 0x9e3779b9) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
