import { claimKey, type Rid } from './rid.ts';

const pageOffsets = 65_536;
const pageBytes = pageOffsets / 8;

/** Which purchases are claimed: a bitmap per partition for `att` 0, a sparse set for the few higher attempts. */
export class Claims {
  readonly #pages = new Map<string, Uint8Array>();
  readonly #higher = new Set<string>();
  /** Claims come in order, so the page is nearly always the one of before. */
  #last: { partition: number; index: number; page: Uint8Array } | null = null;

  has(claim: Rid & { att: number }): boolean {
    if (claim.att > 0) return this.#higher.has(claimKey(claim));
    const page = this.#pageOf(claim);
    const bit = claim.offset % pageOffsets;
    return page !== null && ((page[bit >> 3] as number) & (1 << (bit & 7))) !== 0;
  }

  add(claim: Rid & { att: number }): void {
    if (claim.att > 0) {
      this.#higher.add(claimKey(claim));
      return;
    }
    let page = this.#pageOf(claim);
    if (page === null) {
      page = new Uint8Array(pageBytes);
      this.#pages.set(pageKey(claim), page);
    }
    const bit = claim.offset % pageOffsets;
    page[bit >> 3] = (page[bit >> 3] as number) | (1 << (bit & 7));
  }

  #pageOf({ partition, offset }: Rid): Uint8Array | null {
    const index = Math.floor(offset / pageOffsets);
    if (this.#last?.index === index && this.#last.partition === partition) return this.#last.page;
    const page = this.#pages.get(pageKey({ partition, offset }));
    if (page === undefined) return null;
    this.#last = { partition, index, page };
    return page;
  }

  /** The highest claimed offset of a partition, or -1: a log that ends below it was re-created. */
  highest(partition: number): number {
    let highest = -1;
    for (const [key, page] of this.#pages) {
      const [owner, index] = key.split('/').map(Number) as [number, number];
      if (owner !== partition || (index + 1) * pageOffsets <= highest) continue;
      let byte = pageBytes - 1;
      while (byte >= 0 && page[byte] === 0) byte -= 1;
      const bit = byte * 8 + 31 - Math.clz32(page[byte] ?? 0);
      if (byte >= 0) highest = Math.max(highest, index * pageOffsets + bit);
    }
    return highest;
  }

  toSnapshot(): ClaimsSnapshot {
    const pages = [...this.#pages].map(([key, page]): [string, string] => [key, Buffer.from(page).toString('base64')]);
    return { pages: pages.sort(([a], [b]) => (a < b ? -1 : 1)), higher: [...this.#higher].sort() };
  }

  static fromSnapshot(snapshot: ClaimsSnapshot): Claims {
    const claims = new Claims();
    for (const [key, page] of snapshot.pages) claims.#pages.set(key, new Uint8Array(Buffer.from(page, 'base64')));
    for (const key of snapshot.higher) claims.#higher.add(key);
    return claims;
  }
}

export interface ClaimsSnapshot {
  pages: [string, string][];
  higher: string[];
}

const pageKey = ({ partition, offset }: Rid): string => `${partition}/${Math.floor(offset / pageOffsets)}`;
