/**
 * Randomness as a function of its key: the same seed and key give the same number, whatever was drawn before. So a
 * restart, a second read or another order of calls changes nothing that was decided.
 */
export function drawUnit(seed: number, ...key: readonly (number | string)[]): number {
  let hash = seed | 0;
  for (const part of key) hash = typeof part === 'number' ? mixNumber(hash, part) : mixText(hash, part);
  return (finish(hash) >>> 0) / 4_294_967_296;
}

/** 53-bit hash of a text as 16 base-36 characters at most; no cryptography, only identity within one simulator. */
export function hashText(text: string, seed = 0): string {
  let first = 0xdeadbeef ^ seed;
  let second = 0x41c6ce57 ^ seed;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    first = Math.imul(first ^ code, 2_654_435_761);
    second = Math.imul(second ^ code, 1_597_334_677);
  }
  first = Math.imul(first ^ (first >>> 16), 2_246_822_507) ^ Math.imul(second ^ (second >>> 13), 3_266_489_909);
  second = Math.imul(second ^ (second >>> 16), 2_246_822_507) ^ Math.imul(first ^ (first >>> 13), 3_266_489_909);
  return (second >>> 0).toString(36) + (first >>> 0).toString(36);
}

/** A stream of draws under one key, for places which need an unknown number of them. */
export function drawSequence(seed: number, ...key: readonly (number | string)[]): () => number {
  let count = 0;
  return () => {
    count += 1;
    return drawUnit(seed, ...key, count);
  };
}

/** Fisher–Yates on a copy. */
export function shuffled<T>(items: readonly T[], draw: () => number): T[] {
  const copy = items.slice();
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = Math.floor(draw() * (index + 1));
    const kept = copy[index] as T;
    copy[index] = copy[other] as T;
    copy[other] = kept;
  }
  return copy;
}

const idAlphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** An id in the provider's form, such as `msgbatch_01HkcTjaV5uDC8jWR4ZsDV8d`. Unique per seed and key. */
export function makeId(prefix: string, seed: number, ...key: readonly (number | string)[]): string {
  const draw = drawSequence(seed, prefix, ...key);
  let id = `${prefix}_01`;
  for (let index = 0; index < 22; index += 1) id += idAlphabet[Math.floor(draw() * idAlphabet.length)];
  return id;
}

function mixNumber(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ (value | 0), 0x85ebca6b);
  return Math.imul((mixed ^ (mixed >>> 15)) + Math.floor(value / 4_294_967_296), 0xc2b2ae35) ^ (mixed >>> 13);
}

function mixText(hash: number, text: string): number {
  let mixed = hash ^ text.length;
  for (let index = 0; index < text.length; index += 1) mixed = Math.imul(mixed ^ text.charCodeAt(index), 0x01000193);
  return mixed ^ (mixed >>> 16);
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
